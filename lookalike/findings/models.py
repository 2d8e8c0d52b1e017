"""Sentences about the models and their maps: localisation, replicates, heads, pruning."""

import numpy as np

from lookalike.inference.significance import too_few_images
from lookalike.maps.localisation import NULL_METHODS

# With fewer, percentile intervals are too narrow to say what is clear.
FEWEST_FOR_A_VERDICT = 20
TOO_FEW = f"fewer than {FEWEST_FOR_A_VERDICT} images tell nothing for sure"
VERDICTS_OF_GAP = (
    "clearly nearer to it than the mean pair",
    "NOT clearly nearer to it than the mean pair",
    "clearly FARTHER from it than the mean pair",
    "held against the mean pair, of too few images for a verdict,",
)


def mean_with_interval(values):
    """Return mean and half of the 95% interval (normal) of the known values, and their number."""
    known = np.asarray([value for value in values if np.isfinite(value)])
    if not len(known):
        return {"mean": np.nan, "half": np.nan, "n": 0}
    half = 1.96 * known.std(ddof=1) / np.sqrt(len(known)) if len(known) > 1 else np.nan
    return {"mean": float(known.mean()), "half": float(half), "n": len(known)}


def summarise_localisation(rows):
    """Summarise the mass inside the masks by model.

    Parameters
    ----------
    rows : list of dict
        `model`, `mass`, `area` as strings, of one method.

    Returns
    -------
    dict
        From model (or null method) to mean, half interval and n; under `area` the mean share of the
        masks. A model's `clear` tells whether its interval lies above the area share and above the
        null methods' means, of images enough for a verdict.
    """
    names = dict.fromkeys(row["model"] for row in rows)
    table = {
        name: mean_with_interval([float(row["mass"]) for row in rows if row["model"] == name])
        for name in names
    }
    table["area"] = mean_with_interval(
        [float(row["area"]) for row in rows if row["model"] == rows[0]["model"]]
    )
    floor = max(table[name]["mean"] for name in (*NULL_METHODS, "area"))
    for name in names:
        table[name]["clear"] = bool(
            table[name]["n"] >= FEWEST_FOR_A_VERDICT
            and table[name]["mean"] - table[name]["half"] > floor
        )
    return table


def replicate_sentences(rows):
    """Say for every replicate and method by which metrics it is clearly nearer to its original than
    the mean pair.

    Parameters
    ----------
    rows : list of dict
        Of `replicates.csv`, for one subset of the images.

    Returns
    -------
    list of str
    """
    sentences = []
    for method, replicate in dict.fromkeys((row["method"], row["replicate"]) for row in rows):
        own = [row for row in rows if (row["method"], row["replicate"]) == (method, replicate)]
        pair = f"{method}: {replicate}, a replicate of {own[0]['model']},"
        told = {}
        for row in own:
            if np.isfinite(float(row["difference"])):
                told.setdefault(verdict_of_gap(row), []).append(describe_gap(row))
        if not told:
            sentences.append(f"{pair} cannot be judged: there is no other pair to hold it against.")
            continue
        parts = [
            f"is {verdict} by {', '.join(told[verdict])}"
            for verdict in VERDICTS_OF_GAP
            if verdict in told
        ]
        sentences.append(f"{pair} {'; it '.join(parts)}.")
    return sentences


def verdict_of_gap(row):
    """Say whether a replicate is nearer to its original than the mean of the other pairs."""
    nearer, not_nearer, farther, untold = VERDICTS_OF_GAP
    low, high = float(row["difference_low"]), float(row["difference_high"])
    if int(row["n"]) < FEWEST_FOR_A_VERDICT or not np.isfinite(low):
        return untold
    return nearer if high < 0 else farther if low > 0 else not_nearer


def describe_gap(row):
    """Return the metric with the replicate's dissimilarity and that of the other pairs."""
    return f"{row['metric']} ({float(row['distance']):.2g} against {float(row['others']):.2g})"


def heads_sentence(rows):
    """Say how well the heads that were trained here, pruned ones aside, predict held-out scores."""
    told = [
        f"{row['model']} {known(row['pearson'])} ({interval_of(row, 'pearson')})"
        for row in rows
        if not row["pruned_from"]
    ]
    return (
        f"Pearson's r of predicted and true scores, n = {rows[0]['n']} held-out, with 95% "
        f"interval: {', '.join(told)}."
    )


def pruning_sentences(rows):
    """Say of every pruned model what that does to its held-out error, beside its baseline and
    pruning at random.

    Parameters
    ----------
    rows : list of dict
        Of `inference/pruning.csv`.

    Returns
    -------
    list of str
    """
    sentences = []
    for model in dict.fromkeys(row["model"] for row in rows):
        own = [row for row in rows if row["model"] == model]
        if own[0]["dropped"] == "0":
            sentences.append(
                f"{model}: nothing was pruned, since its error is least with all channels; "
                "its variants equal it."
            )
            continue
        told = [f"{describe_rival(row)} {describe_difference(row)}" for row in own]
        about = own[0]
        held_out = (
            f"held-out error ({about['criterion']}, n = {about['n']}) of "
            f"{float(about['error']):.3g}"
        )
        sentences.append(
            f"{model} without {about['dropped']} of its {about['channels']} channels has a "
            f"{held_out}: {'; '.join(told)}."
        )
    return sentences


def describe_rival(row):
    """Say what a pruned model is held against."""
    return (
        "against no pruning"
        if row["against"] == "baseline"
        else f"against random pruning of the same size (draws: {row['draws']})"
    )


def describe_difference(row):
    """Say by how much an error is smaller or larger than another, with its interval, and whether
    that is clear.
    """
    low, high = float(row["difference_low"]), float(row["difference_high"])
    verdict = (
        "clearly smaller" if high < 0 else "clearly larger" if low > 0 else "no clear difference"
    )
    verdict = verdict if int(row["n"]) >= FEWEST_FOR_A_VERDICT else TOO_FEW
    return f"{float(row['difference']):+.2g} ({interval_of(row, 'difference')}), {verdict}"


def variant_sentences(rows, n):
    """Say how far pruning by importance moves the maps, and pruning at random, and where one does
    so clearly less.

    Parameters
    ----------
    rows : list of dict
        Of `inference/variants.csv`.
    n : int
        Images that were explained.

    Returns
    -------
    list of str
    """
    sentences = []
    for method in dict.fromkeys(row["method"] for row in rows):
        told = [
            row
            for row in rows
            if row["method"] == method and float(row["random"]) > 0 and float(row["others"]) > 0
        ]
        if not told:
            continue
        moves = [
            np.median([float(row[name]) / float(row["others"]) for row in told])
            for name in ("pruned", "random")
        ]
        less = sum(float(row["difference_high"]) < 0 for row in told)
        more = sum(float(row["difference_low"]) > 0 for row in told)
        verdict = (
            f"clearly less in {less}, clearly more in {more}"
            if n >= FEWEST_FOR_A_VERDICT
            else TOO_FEW
        )
        sentences.append(
            f"{method}: of the dissimilarity between different models, pruning by importance "
            f"moves the maps by {moves[0]:.2g}, random pruning by "
            f"{moves[1]:.2g} (medians of {len(told)} pairs of model and metric; {verdict})."
        )
    return sentences


def known(text):
    """Return a number, given as text, with two decimals, or that it is not known."""
    return f"{float(text):.2f}" if np.isfinite(float(text)) else "not known"


def interval_of(row, name):
    """Return the bounds of a 95% interval of a table's row as text."""
    low, high = (float(row[f"{name}_{end}"]) for end in ("low", "high"))
    return f"{low:.2g} to {high:.2g}" if np.isfinite(low) else "no interval"


def localisation_sentence(method, table, models):
    """Say for how many models a method's maps find the object."""
    judged = [model for model in models if table[model]["n"] >= FEWEST_FOR_A_VERDICT]
    if not judged:
        return f"{method}: whether the maps find the object cannot be told: {TOO_FEW}."
    clear = [model for model in judged if table[model]["clear"]]
    floor = (
        f"area share {table['area']['mean']:.2f}, random {table['random']['mean']:.2f}, centre "
        f"{table['centre']['mean']:.2f}"
    )
    rest = (
        ""
        if len(clear) in (0, len(judged))
        else f" Not for {', '.join(model for model in judged if model not in clear)}."
    )
    if len(judged) < len(models):
        rest += (
            f" Untold for {', '.join(model for model in models if model not in judged)}: {TOO_FEW}."
        )
    return (
        f"{method}: the maps of {len(clear)} of {len(judged)} models find the object clearly "
        f"better than {floor}.{rest}"
    )


def unmatched_sentence(rows, n):
    """Say which images are left out because not all models have a map of them."""
    first = rows[0]
    return (
        f"{n} images are compared, and {len(rows)} left out, since not all have a map of them: "
        f"{first['image']}, for example, is not in {first['lacking']}."
    )


def sample_size_sentence(n):
    """Say what the number of images allows to conclude."""
    if n == 0:
        return (
            "The matrices are given as they are: without values of single images there is "
            "neither interval nor chance level nor support."
        )
    if n < 2:
        return f"{too_few_images(n).capitalize()}: no dissimilarity has an interval."
    return (
        f"Every mean is over at most n = {n} images; ± is half the 95% bootstrap interval over "
        "images."
    )
