"""The images, and models: how they predict, and replicates."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from lookalike.compare.redundancy import Representatives
from lookalike.core.types import Row
from lookalike.findings.finding import Answer, Finding, verdict_of
from lookalike.findings.lines import (
    clearest,
    evidence,
    how_many,
    listed,
    name_matrices,
    name_matrix,
    split,
)
from lookalike.findings.tables import NamedRow
from lookalike.inference.significance import too_few_images

SECTION = "Models"
# With fewer, hardly anything can be told from noise.
FEWEST_FOR_A_VERDICT = 20
TOO_FEW = f"fewer than {FEWEST_FOR_A_VERDICT} images"
# By the name of a subset of the images.
SUBSETS = {
    "all": "The findings use all images.",
    "agreeing": "The findings use, for each pair of models, the images that both classify alike.",
}


def replicate_findings(
    replicates: pd.DataFrame, stands: Representatives | None = None
) -> list[Finding]:
    """Say under which methods and metrics replicates are clearly closer to their original than
    other pairs of models are on average.

    Parameters
    ----------
    replicates : DataFrame
        `inference/replicates.csv`, for one subset of the images.
    stands : mapping, optional
        Metrics of one ranking, as of `read_representatives`.
    """
    if replicates.empty:
        return []
    rows = list(replicates.itertuples())
    answers = [gap_answer(row) for row in rows]
    places = {id(answer): row for answer, row in zip(answers, rows, strict=True)}
    pairs = dict.fromkeys((row.model, row.replicate) for row in rows)
    names = listed((f"{one} and its replicate {other}" for one, other in pairs), between="; ")
    asked = split(answers, stands)
    of = "matrices" if len(pairs) == 1 else "pairs in a matrix"
    larger = [one for one in asked.no if (one.low or 0) > 0]
    known = [one for one in asked.unknown if np.isfinite(one.value if one.value else np.nan)]
    parts = []
    if asked.yes:
        shown = clearest(asked.yes)
        parts.append(
            f"clearly nearer to one another than other pairs on average{how_many(asked, of)}: a "
            f"dissimilarity of {sizes(places[id(shown)])}, a difference of {shown.value:.2g} "
            f"({evidence(shown, asked.yes)}{'' if len(pairs) == 1 else f', {shown.subject[0]}'})"
        )
    for own, claim in (
        ([one for one in asked.no if one not in larger], "NOT clearly nearer"),
        (larger, "clearly FARTHER from one another"),
        (known, "no verdict (too few images)"),
    ):
        if own:
            shown = own[0]
            where, which = name_matrices(own, asked.every), name_matrix(shown)
            if len(pairs) > 1:
                where = listed(f"{one.subject[0]} by {name_matrix(one)}" for one in own)
                which = f"{shown.subject[0]}, {which}"
            which = f", {which}" if len(own) > 1 else ""
            parts.append(f"{claim} for {where} ({sizes(places[id(shown)])}{which})")
    if len(known) < len(asked.unknown):
        parts.append("there are no other pairs to compare with")
    text = f"{names}: {'; '.join(parts)}."
    return [Finding(SECTION, "replicate", text, tuple(answers))]


def sizes(row: NamedRow) -> str:
    """Return the dissimilarity of a replicate and its original, and that of other pairs."""
    return f"{row.distance:.2g} instead of {row.others:.2g}"


def gap_answer(row: NamedRow) -> Answer:
    """Return whether a replicate is closer to its original than other pairs, under one metric."""
    able = row.units >= FEWEST_FOR_A_VERDICT and np.isfinite(row.difference_low)
    return Answer(
        "replicate",
        verdict_of(row.difference_high < 0, able=able),
        row.method,
        row.metric,
        (row.replicate, row.model),
        "difference from the mean of the other pairs",
        row.difference,
        row.difference_low,
        row.difference_high,
        n=int(row.n),
        reason="" if able else "too few images or no other pair",
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
    sentences = [f"{sample_size_sentence(n, units, scope)} {SUBSETS[subset]}"]
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
            f"{listed(blind)}. Are they trained, and are their classes in the alphabetical "
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
        f"Every mean is over at most n = {n} images{drawn}; 95% bootstrap intervals speak {scope}."
    )
