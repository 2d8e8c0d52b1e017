"""A sentence about seeds: whether intervals speak of these weights, or of other seeds too."""

from collections.abc import Sequence

import pandas as pd

from lookalike.compare.seeds import FEWEST_REPLICATED
from lookalike.core.types import Row
from lookalike.findings.finding import Answer, Finding, verdict_of
from lookalike.findings.tables import span

SECTION = "Seeds"


def seed_findings(seeds: pd.DataFrame, about: Sequence[Row]) -> list[Finding]:
    """Say of which weights intervals speak, and how much wider they are for new seeds.

    Parameters
    ----------
    seeds : DataFrame
        `inference/seeds.csv`, for one subset of the images.
    about : list of dict
        `models.csv`; empty where no maps are compared, and there are no intervals.
    """
    known = seeds.dropna(subset=["seeds_share"]) if len(seeds) else seeds
    if known.empty:
        replicated = len({row["replicate_of"] for row in about} - {""})
        why = (
            "; there are, but not in a matrix of which anything is said"
            if replicated >= FEWEST_REPLICATED
            else f" (there are replicates of {replicated})"
        )
        text = (
            "All intervals are for new images and these weights: to speak of new seeds takes "
            f"replicates of at least {FEWEST_REPLICATED} models{why}."
        )
        return [Finding(SECTION, "seeds", text)] if about else []
    # Where a dissimilarity is the same on all images, nothing is so many times as wide.
    known = known[known["weights_high"] > known["weights_low"]]
    if known.empty:
        return []
    wider = (known["seeds_high"] - known["seeds_low"]) / (
        known["weights_high"] - known["weights_low"]
    )
    matrices = known.assign(wider=wider).groupby(["method", "metric"], sort=False)
    middle = matrices[["wider", "seeds_share"]].median()
    text = (
        "For new seeds and new images, the 95% intervals of dissimilarities are "
        f"{span(middle['wider'], '.2g')} times as wide as for these weights, of which all other "
        f"intervals speak: {span(middle['seeds_share'], '.0%')} of the variance lies between seeds "
        f"(medians over pairs of models, by method and metric; replicates of "
        f"{span(known['replicated'], '.0f')} models)."
    )
    answers = tuple(
        Answer(
            "seeds",
            verdict_of(row.seeds_share > 1 / 2),
            row.method,
            row.metric,
            (row.model, row.other_model),
            "dissimilarity over seeds",
            row.value,
            row.seeds_low,
            row.seeds_high,
        )
        for row in known.itertuples()
    )
    return [Finding(SECTION, "seeds", text, answers)]
