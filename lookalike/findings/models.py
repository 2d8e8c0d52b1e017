"""Sentences about the images, and about models: localisation of their maps, and replicates."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from lookalike.core.types import Row
from lookalike.findings.finding import Answer, Finding, verdict_of
from lookalike.findings.tables import NamedRow
from lookalike.inference.significance import too_few_images
from lookalike.maps.localisation import NULL_METHODS, is_blank

SECTION = "Models"
# With fewer, hardly anything can be told from noise.
FEWEST_FOR_A_VERDICT = 20
MOST_NAMED = 5
TOO_FEW = f"fewer than {FEWEST_FOR_A_VERDICT} images"
# Of a replicate's dissimilarity to its original; in the order in which they are reported.
SMALLER, NOT_SMALLER, LARGER, UNDECIDED = VERDICTS_OF_GAP = (
    "clearly smaller",
    "NOT clearly smaller",
    "clearly LARGER",
    "no verdict (too few images)",
)
# By the name of a subset of the images.
SUBSETS = {
    "all": "The findings use all images.",
    "agreeing": "The findings use, for each pair of models, the images that both classify alike.",
}


def mean_with_interval(values: Sequence[float]) -> Row:
    """Return mean and half of the 95% interval (normal) of the known values, and their number."""
    known = np.asarray([value for value in values if np.isfinite(value)])
    if not len(known):
        return {"mean": np.nan, "half": np.nan, "n": 0}
    half = 1.96 * known.std(ddof=1) / np.sqrt(len(known)) if len(known) > 1 else np.nan
    return {"mean": float(known.mean()), "half": float(half), "n": len(known)}


def summarise_localisation(masses: pd.DataFrame) -> dict[str, Row]:
    """Summarise the mass inside the masks by model.

    Parameters
    ----------
    masses : DataFrame
        `model`, `mass` and `area` of one method, `localisation/METHOD.csv`.

    Returns
    -------
    dict
        From model (or null method) to mean, half interval and n; under `area` the mean share of the
        masks. Masks that are empty or full do not count. `clear` of a model: whether its interval
        lies above the area share and above the means of the null methods, over enough images for a
        verdict.
    """
    blank = masses["area"].map(is_blank)
    by_model = dict(list(masses[~blank].groupby("model", sort=False)))
    table = {name: mean_with_interval(rows["mass"]) for name, rows in by_model.items()}
    table["area"] = mean_with_interval(next(iter(by_model.values()))["area"])
    floor = max(table[name]["mean"] for name in (*NULL_METHODS, "area"))
    for name in by_model:
        table[name]["clear"] = bool(
            table[name]["n"] >= FEWEST_FOR_A_VERDICT
            and table[name]["mean"] - table[name]["half"] > floor
        )
    return table


def blank_masks(masses: pd.DataFrame) -> list[str]:
    """Return the images whose masks are empty or full, of the table of `summarise_localisation`."""
    return list(dict.fromkeys(masses["image"][masses["area"].map(is_blank)]))


def localisation_finding(
    method: str, table: dict[str, Row], models: Sequence[str], blank: Sequence[str] = ()
) -> Finding:
    """Say for how many models a method's maps lie on the object.

    Parameters
    ----------
    method : str
    table : dict
        As `summarise_localisation` returns it.
    models : sequence of str
    blank : sequence of str
        Images whose masks are empty or full.
    """
    enough = [model for model in models if table[model]["n"] >= FEWEST_FOR_A_VERDICT]
    found = [model for model in enough if table[model]["clear"]]
    if enough:
        text = (
            f"{method}: the maps of {len(found)} of {len(enough)} models lie on the object clearly "
            f"more than by chance (area share {table['area']['mean']:.2f}, random "
            f"{table['random']['mean']:.2f}, centre {table['centre']['mean']:.2f})."
        )
        if len(found) not in (0, len(enough)):
            text += f" Not for {', '.join(name for name in enough if name not in found)}."
        if len(enough) < len(models):
            few = ", ".join(name for name in models if name not in enough)
            text += f" No verdict for {few}: {TOO_FEW}."
    else:
        text = f"{method}: no verdict on whether the maps lie on the object: {TOO_FEW}."
    if blank:
        named = ", ".join(blank[:MOST_NAMED]) + (", ..." if len(blank) > MOST_NAMED else "")
        text += (
            f" {len(blank)} mask{'s are' if len(blank) > 1 else ' is'} empty or full and "
            f"{'do' if len(blank) > 1 else 'does'} not count: {named}."
        )
    answers = [
        Answer(
            "localisation",
            verdict_of(table[name]["clear"], able=name in enough),
            method,
            subject=(name,),
            statistic="share of the map on the object",
            value=table[name]["mean"],
            low=table[name]["mean"] - table[name]["half"],
            high=table[name]["mean"] + table[name]["half"],
            n=table[name]["n"],
            reason="" if name in enough else TOO_FEW,
        )
        for name in models
    ]
    return Finding(SECTION, "localisation", text, tuple(answers))


def replicate_findings(replicates: pd.DataFrame) -> list[Finding]:
    """Say for every replicate and method under which metrics it is clearly closer to its original
    than other pairs of models are on average.

    Parameters
    ----------
    replicates : DataFrame
        `inference/replicates.csv`, for one subset of the images.
    """
    if replicates.empty:
        return []
    findings = []
    for (method, replicate), rows in replicates.groupby(["method", "replicate"], sort=False):
        pair = f"{rows['model'].iloc[0]} and its replicate {replicate}"
        by_verdict: dict[str, list[str]] = {}
        for row in rows[np.isfinite(rows["difference"])].itertuples():
            by_verdict.setdefault(verdict_of_gap(row), []).append(
                f"{row.metric} ({row.distance:.2g} vs {row.others:.2g})"
            )
        parts = [
            f"{verdict} under {', '.join(by_verdict[verdict])}"
            for verdict in VERDICTS_OF_GAP
            if verdict in by_verdict
        ]
        text = (
            f"{method}: dissimilarity of {pair}, compared with the mean of the other pairs: "
            f"{'; '.join(parts)}."
            if parts
            else f"{method}: {pair} cannot be compared with other pairs: there are none."
        )
        answers = tuple(gap_answer(row) for row in rows.itertuples())
        findings.append(Finding(SECTION, "replicate", text, answers))
    return findings


def verdict_of_gap(row: NamedRow) -> str:
    """Return how a replicate's dissimilarity to its original compares with the mean of the other
    pairs.
    """
    if row.n < FEWEST_FOR_A_VERDICT or not np.isfinite(row.difference_low):
        return UNDECIDED
    if row.difference_high < 0:
        return SMALLER
    return LARGER if row.difference_low > 0 else NOT_SMALLER


def gap_answer(row: NamedRow) -> Answer:
    """Return whether a replicate is closer to its original than other pairs, under one metric."""
    verdict = verdict_of_gap(row)
    return Answer(
        "replicate",
        verdict_of(verdict == SMALLER, able=verdict != UNDECIDED),
        row.method,
        row.metric,
        (row.replicate, row.model),
        "difference from the mean of the other pairs",
        row.difference,
        row.difference_low,
        row.difference_high,
        n=int(row.n),
        reason="too few images or no other pair" if verdict == UNDECIDED else "",
    )


def image_findings(
    n: int, subset: str, unmatched: Sequence[Row], units: int, scope: str
) -> list[Finding]:
    """Say how many images there are, and which are left out.

    Parameters
    ----------
    n : int
        Largest number of images that a model has maps of; 0 where all matrices are user-supplied.
    subset : str
        Of the images.
    unmatched : sequence of dict
        `images/unmatched.csv`.
    units : int
        Number of units of images.
    scope : str
        Of which images intervals speak.
    """
    if n == 0:
        return []
    sentences = [sample_size_sentence(n, units, scope), SUBSETS[subset]]
    if unmatched:
        first = unmatched[0]
        sentences.append(
            f"{n} images are compared, and {len(unmatched)} left out because some models have no "
            f"map of them: {first['image']}, for example, is not in {first['lacking']}."
        )
    return [Finding("Images", "images", sentence) for sentence in sentences]


def prediction_findings(about: Sequence[Row], votes: Sequence[Row], n: int) -> list[Finding]:
    """Say which class is explained where models vote for it, how far they agree on it, and which
    models are no more accurate than guessing.

    Parameters
    ----------
    about : sequence of dict
        `models.csv`.
    votes : sequence of dict
        `images/votes.csv`; empty where models do not vote.
    n : int
        Number of images.
    """
    sentences = []
    if votes:
        voters = votes[0]["voters"]
        agreed = sum(row["votes"] == voters for row in votes)
        tied = sum(row["tied"] != "1" for row in votes)
        sentences.append(
            "In every image, models are explained for the class that most independent models "
            f"predict. All {voters} of these predict it in {agreed} of {len(votes)} images"
            + (f"; in {tied}, several classes have the most votes." if tied else ".")
        )
    blind = [
        f"{row['model']} ({float(row['explained_accuracy']):.0%} of {row['classes']} classes)"
        for row in about
        if row["explained_accuracy"]
        and n >= FEWEST_FOR_A_VERDICT
        and float(row["explained_accuracy"]) <= 1 / int(row["classes"])
    ]
    if blind:
        sentences.append(
            "No more often right than by guessing, on the explained images: "
            f"{', '.join(blind)}. Are they trained, and are their classes in the alphabetical "
            "order of the images' folders?"
        )
    return [Finding(SECTION, "predictions", sentence) for sentence in sentences]


def sample_size_sentence(n: int, units: int, scope: str) -> str:
    """Say what the number of images, and of their units, allows to conclude."""
    if n < 2:
        return f"{too_few_images(n).capitalize()}: no dissimilarity has an interval."
    if units < 2:
        return f"All {n} images are one unit: no dissimilarity has an interval."
    drawn = f" in {units} units" if units < n else ""
    return (
        f"Every mean is over at most n = {n} images{drawn}; ± is half the 95% bootstrap interval, "
        f"{scope}."
    )
