"""Files of figures, for rules and scripts; imports nothing, since the Snakefile reads it."""

from collections.abc import Iterable
from itertools import groupby


def files_of_figures(paths: Iterable[str]) -> list[list[str]]:
    """Return the files of each of several figures in their order, which lie together: one for each
    format.
    """
    return [list(files) for _, files in groupby(paths, lambda path: str(path).rpartition(".")[0])]
