"""How far two models would be from one another if each only had its own distance from all others:
the law of the metric, and what is left beyond it.

Two models share less of an image than a map shares with itself, and the more noise there is in
their maps, the less: what they share is a product of one number of each. So the dissimilarity of
their maps of the same image is that of maps of different images, less a product. It holds of the
squares of those metrics that are roots, and of the cosines of those that are angles.
"""

import numpy as np

from lookalike.core.condensed import MANY_MODELS, models_of

# What the product is taken from: the dissimilarity itself, its square, or one less its cosine.
LAWS = ("product", "squares", "angles")
# Loadings are refined at most so often, or until none changes by more than this.
SWEEPS, TOLERANCE = 200, 1e-9
SMALLEST = 1e-300


def residuals(dissimilarities: np.ndarray, chance: np.ndarray, law: str) -> np.ndarray:
    """Return what main effects leave of condensed matrices; low where two models are nearer than
    their distances from all others say.

    Parameters
    ----------
    dissimilarities : ndarray, shape (B, pairs)
        Of at least four models, all known.
    chance : ndarray, shape (B, pairs) or (1, pairs)
        The dissimilarities of maps of different images.
    law : {"product", "squares", "angles"}
        Of the metric's card.

    Returns
    -------
    ndarray, shape (B, pairs)
        Of squares or cosines, where the law is of these.
    """
    far, near = on_scale(chance, law), on_scale(dissimilarities, law)
    shared = sums(far) - near
    return products(shared) - shared


def fitted(dissimilarities: np.ndarray, chance: np.ndarray, law: str) -> np.ndarray:
    """Return the dissimilarities that main effects alone would give; parameters as for
    `residuals`.
    """
    far, near = sums(on_scale(chance, law)), on_scale(dissimilarities, law)
    found = far - products(far - near)
    if law == "squares":
        return np.sqrt(np.maximum(found, 0))
    return np.arccos(np.clip(1 - found, -1, 1)) / np.pi if law == "angles" else found


def on_scale(dissimilarities: np.ndarray, law: str) -> np.ndarray:
    """Return what a law is about."""
    if law == "angles":
        return 1 - np.cos(np.pi * dissimilarities)
    return dissimilarities**2 if law == "squares" else dissimilarities


def main_effects(matrices: np.ndarray) -> np.ndarray:
    """Return how much farther each model is from the others than models are on average.

    Parameters
    ----------
    matrices : ndarray, shape (B, pairs)

    Returns
    -------
    ndarray, shape (B, models)
        Least squares over pairs: a pair is the mean plus the effects of its two models, which sum
        to 0 over all.
    """
    models = models_of(matrices)
    centred = matrices - matrices.mean(axis=1, keepdims=True)
    return sums_of_models(centred) / (models - 2)


def sums(matrices: np.ndarray) -> np.ndarray:
    """Return the sums mean + a_i + a_j that fit condensed matrices (B, pairs) best."""
    effects = main_effects(matrices)
    rows, columns = np.triu_indices(effects.shape[1], 1)
    return matrices.mean(axis=1, keepdims=True) + effects[:, rows] + effects[:, columns]


def products(similarities: np.ndarray) -> np.ndarray:
    """Return the products l_i l_j, of l that are not negative, whose sums over the pairs of each
    model are those of condensed similarities (B, pairs), or 0 where these are negative.

    Least squares would spend the product on the closest group, whose models would then be as far
    from one another as their distances from all others say.
    """
    models = models_of(similarities)
    rows, columns = np.triu_indices(models, 1)
    of_models = np.maximum(sums_of_models(similarities), 0)
    total = of_models.sum(axis=1, keepdims=True)
    # All l, if they were near one another.
    level = np.sqrt(np.maximum(total / (models * (models - 1)), SMALLEST))
    loadings = of_models / ((models - 1) * level)
    for _ in range(SWEEPS):
        before = loadings.copy()
        for model in range(models):
            others = loadings.sum(axis=1) - loadings[:, model]
            loadings[:, model] = of_models[:, model] / np.maximum(others, level[:, 0])
        if np.abs(loadings - before).max() <= TOLERANCE * loadings.max():
            break
    return loadings[:, rows] * loadings[:, columns]


def sums_of_models(tables: np.ndarray) -> np.ndarray:
    """Return the sums over the pairs of each model, shape (B, models), of condensed matrices
    (B, pairs).
    """
    models = models_of(tables)
    if models <= MANY_MODELS:
        return tables @ belonging(models)
    # As a product, the matrix of what belongs to whom would have millions of zeros.
    rows, columns = np.triu_indices(models, 1)
    found = [
        np.bincount(rows, table, models) + np.bincount(columns, table, models) for table in tables
    ]
    return np.array(found).reshape(len(tables), models)


def belonging(models: int) -> np.ndarray:
    """Return which models each pair is of, as numbers, shape (pairs, models)."""
    found = np.zeros((models * (models - 1) // 2, models))
    for side in np.triu_indices(models, 1):
        found[range(len(side)), side] = 1
    return found
