"""How much is drawn at random where there are very many pairs of models."""

from typing import Any

# Numbers of all bootstrap replicates of a matrix, and of all permutations of its pairs.
MOST_REPLICATES, MOST_PERMUTED = 50_000_000, 100_000_000
FEWEST_RESAMPLES, FEWEST_PERMUTATIONS = 100, 199


def limited(found: dict[str, Any]) -> dict[str, Any]:
    """Return the sections of a config with as many resamples and permutations as memory and time
    allow for its pairs of models, and a sentence where these are fewer than asked for.

    Up to 300 models have a thousand resamples and permutations.
    """
    models = max((len(method["models"]) for method in found["methods"].values()), default=0)
    pairs = max(1, models * (models - 1) // 2)
    asked = found["inference"]
    most = {
        "bootstrap": max(FEWEST_RESAMPLES, MOST_REPLICATES // pairs),
        "permutations": max(FEWEST_PERMUTATIONS, MOST_PERMUTED // pairs - 1),
    }
    given = {name: min(asked[name], limit) for name, limit in most.items()}
    if all(given[name] == asked[name] for name in given):
        return found
    reason = (
        f"{asked['bootstrap']} resamples of the images and {asked['permutations']} permutations: "
        f"{models} models are {pairs} pairs, for which there are {given['bootstrap']} and "
        f"{given['permutations']}"
    )
    return found | {"inference": asked | given, "left_out": [*found["left_out"], reason]}
