"""What a comparison returns of its models' groups: easy to read in a notebook."""

from dataclasses import dataclass, field

import numpy as np

from lookalike.core.types import Row


@dataclass(frozen=True, eq=False)
class Tree:
    """A hierarchical clustering of models.

    Attributes
    ----------
    linkage : str
    newick : str
        Branch lengths in units of dissimilarity, bootstrap support in percent at the nodes.
    clades : list of dict
        One row a merge, as `support-{linkage}.csv` has them: `height`, `size`, `support`,
        `members`, ...
    names : tuple of str
        Of the models.
    """

    linkage: str
    newick: str
    clades: list[Row] = field(repr=False)
    names: tuple[str, ...] = field(repr=False)

    def __str__(self) -> str:
        """Return the tree in Newick format."""
        return self.newick.strip()


@dataclass(frozen=True, eq=False)
class Communities:
    """Communities of models that all resamples, seeds and resolutions have in common.

    Attributes
    ----------
    members : dict
        From a model to the number of its community; 1 is the largest.
    stability : float
        Mean adjusted Rand index of all partitions with this one.
    rows : list of dict
        One a resolution and model, as `communities.csv` has them.
    together : ndarray, shape (m, m)
        Share of all partitions in which two models are in one community, in the order of `members`.
    """

    members: dict[str, int]
    stability: float
    rows: list[Row] = field(repr=False)
    together: np.ndarray = field(repr=False)


@dataclass(frozen=True, eq=False)
class Embedding:
    """Models on two principal coordinates.

    Attributes
    ----------
    coordinates : dict
        From a model to its two coordinates.
    explained : tuple of float
        Share of each coordinate.
    covariances : ndarray, shape (m, 2, 2)
        Of the coordinates over bootstrap replicates, in the order of `coordinates`.
    """

    coordinates: dict[str, tuple[float, float]]
    explained: tuple[float, float]
    covariances: np.ndarray = field(repr=False)
