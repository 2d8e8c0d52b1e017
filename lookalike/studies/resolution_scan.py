"""Which resolution? Partitions of Louvain's method by resolution, next to cuts of the tree."""

from collections.abc import Iterable, Sequence
from itertools import groupby

import numpy as np

from lookalike.compare.dissimilarities import Dissimilarities
from lookalike.core.types import Row
from lookalike.groups.partitions import number_communities, rand_indices
from lookalike.groups.resolutions import FEWEST_MODELS, LEAST_STEPS, STABLE, Step, plateau_of
from lookalike.groups.trees import link
from lookalike.inference.significance import LEVEL, p_value, too_few_models

COLUMNS = (
    "method",
    "metric",
    "resolution",
    "groups",
    "stability",
    "on_plateau",
    "python_louvain_groups",
    "python_louvain_stability",
    "stopped_early",
    "rand_with_consensus",
    "untested",
)
CUTS = ("method", "metric", "linkage", "resolution", "louvain", "groups", "rand")
PARTITIONS = ("method", "metric", "resolution", "model", "community", "python_louvain")
CONSENSUS, PACKAGE = "consensus", "python-louvain"
# Of the tree.
MOST_GROUPS = 20
# An adjusted Rand index from which a partition counts as a cut of the tree.
MATCH = 0.9


def about(matrix: Dissimilarities) -> Row:
    """Return the columns that name a matrix."""
    return {"method": matrix.key.method, "metric": matrix.key.metric}


def describe_scan(matrix: Dissimilarities, steps: Sequence[Step]) -> list[Row]:
    """Return a row for every resolution, with `COLUMNS`.

    `groups`, `stability` and `on_plateau` are of the consensus; `python_louvain_groups` is the mean
    over the runs, `python_louvain_stability` their mean adjusted Rand index with their own
    consensus, `rand_with_consensus` that with ours, and `stopped_early` the share of the runs that
    could have gone on. A matrix of too few models has one row, which says so in `untested`.
    """
    row = dict.fromkeys(COLUMNS, "") | about(matrix)
    if len(matrix) < FEWEST_MODELS:
        return [row | {"untested": too_few_models(len(matrix), fewest=FEWEST_MODELS)}]
    plateau = plateau_of(steps)
    return [
        row
        | {
            "resolution": step.resolution,
            "groups": step.groups,
            "stability": step.stability,
            "on_plateau": int(step in plateau),
            "python_louvain_groups": package_groups(step),
            "python_louvain_stability": package_stability(step),
            "stopped_early": float(step.stopped.mean()),
            "rand_with_consensus": float(rand_indices(step.package, step.consensus).mean()),
        }
        for step in steps
    ]


def package_groups(step: Step) -> float:
    """Return the mean number of communities of python-louvain's runs."""
    return float(np.mean([len(np.unique(one)) for one in step.package]))


def package_stability(step: Step) -> float:
    """Return the mean adjusted Rand index of python-louvain's runs with their consensus."""
    return float(rand_indices(step.package, step.package_consensus).mean())


def compare_cuts(matrix: Dissimilarities, steps: Sequence[Step], linkage: str) -> list[Row]:
    """Compare the partition at every resolution with every cut of the tree.

    Parameters
    ----------
    matrix : Dissimilarities
        As for `scan`.
    steps : list of Step
    linkage : str
        Of the tree.

    Returns
    -------
    list of dict
        With `CUTS`: `groups` is their number at the cut, `rand` the adjusted Rand index with the
        consensus; for python-louvain, the mean over its runs. Where merges are at one height, some
        cuts do not exist.

    References
    ----------
    Hubert and Arabie 1985, doi:10.1007/BF01908075
    """
    from scipy.cluster.hierarchy import fcluster

    if not steps:
        return []
    tree, rows = link(matrix.values, linkage), []
    for groups in range(1, min(len(matrix), MOST_GROUPS) + 1):
        cut = fcluster(tree, groups, "maxclust")
        if len(np.unique(cut)) != groups:
            continue
        for step in steps:
            for louvain, found in ((CONSENSUS, step.consensus[None]), (PACKAGE, step.package)):
                rand = float(rand_indices(found, cut).mean())
                cells = (*about(matrix).values(), linkage, step.resolution, louvain, groups, rand)
                rows.append(dict(zip(CUTS, cells, strict=True)))
    return rows


def list_partitions(matrix: Dissimilarities, steps: Sequence[Step]) -> list[Row]:
    """Return the community of every model at every resolution, with `PARTITIONS`: in the consensus,
    and in that of python-louvain's runs; numbered by size.
    """
    rows = []
    for step in steps:
        numbers, package = (
            number_communities(found, matrix.names)
            for found in (step.consensus, step.package_consensus)
        )
        rows += [
            about(matrix)
            | {
                "resolution": step.resolution,
                "model": name,
                "community": numbers[name],
                "python_louvain": package[name],
            }
            for name in matrix.names
        ]
    return rows


def conclude(
    matrix: Dissimilarities, steps: Sequence[Step], cuts: Sequence[Row], test: Row | None
) -> list[str]:
    """Say whether there are groups, which cut of the tree they are, and where python-louvain finds
    others because it stops early.

    Parameters
    ----------
    matrix : Dissimilarities
        As for `scan`.
    steps : list of Step
    cuts : list of dict
        Of `compare_cuts`.
    test : dict or None
        The matrix's row of `inference/structure.csv`; None where there is none.
    """
    name = f"{matrix.key.method}, {matrix.key.metric}"
    if len(matrix) < FEWEST_MODELS:
        reason = too_few_models(len(matrix), fewest=FEWEST_MODELS)
        return [f"{name}: cannot tell which resolution is right: {reason}."]
    found = [about_groups(matrix, steps, test), about_cuts(steps, cuts), about_package(steps)]
    return [f"{name}: {text}." for text in found]


def about_groups(matrix: Dissimilarities, steps: Sequence[Step], test: Row | None) -> str:
    """Say whether one partition holds over a range of resolutions, and whether it is groups."""
    plateau = plateau_of(steps)
    p = np.nan if test is None else p_value(test, "grouping_holm")
    reason = (
        "a user-supplied matrix has no images to shuffle or to resample"
        if test is None
        else test["unresolved"]
    )
    if plateau:
        over = "resamples of the images" if len(matrix.complete_replicates) else "seeds alone"
        held = (
            f"resolutions {plateau[0].resolution:g} to {plateau[-1].resolution:g} give one "
            f"partition, {named(plateau[0].consensus, matrix.names)} (stability at least "
            f"{min(step.stability for step in plateau):.2f} over {over})"
        )
        if np.isnan(p):
            return f"{held}; cannot tell whether these are groups: {reason}"
        if p <= LEVEL:
            return f"{held}, and the models form groups (p = {p:.3f})"
        return f"{held}, but no groups: with model labels shuffled, they are as clear (p = {p:.3f})"
    held = (
        f"no partition into several communities holds over {LEAST_STEPS} resolutions with a "
        f"stability of {STABLE:g}"
    )
    if np.isnan(p):
        return f"cannot tell whether there are groups: {held}, and {reason}"
    if p <= LEVEL:
        return f"cannot tell which groups: the models form some (p = {p:.3f}), but {held}"
    return f"no groups: {held}, and with model labels shuffled, groups are as clear (p = {p:.3f})"


def named(partition: np.ndarray, names: Sequence[str]) -> str:
    """Return a partition as text, the largest community first."""
    numbers = number_communities(partition, names)
    members = [
        [name for name in names if numbers[name] == number]
        for number in range(1, max(numbers.values()) + 1)
    ]
    return ", ".join(f"{{{', '.join(own)}}}" for own in members)


def about_cuts(steps: Sequence[Step], cuts: Sequence[Row]) -> str:
    """Say which cut of the tree the plateau is, and how many python-louvain can be tuned to."""
    models = len(steps[0].consensus)
    linkage = cuts[0]["linkage"]
    parts = []
    if plateau := plateau_of(steps):
        near = nearest_cut(cuts, plateau[0].resolution)
        groups, rand = near["groups"], near["rand"]
        parts.append(
            f"that partition is the cut of the {linkage}-linkage tree into {groups} groups"
            if rand == 1
            else f"the nearest cut of the {linkage}-linkage tree is that into {groups} groups "
            f"(adjusted Rand index {rand:.2f})"
        )
    best: dict[int, float] = {}
    for row in cuts:
        if row["louvain"] == PACKAGE and 1 < row["groups"] < models:
            best[row["groups"]] = max(best.get(row["groups"], -1), row["rand"])
    matched = [groups for groups, rand in best.items() if rand >= MATCH]
    parts.append(
        f"by choice of the resolution, python-louvain matches {len(matched)} of {len(best)} cuts "
        f"of that tree ({', '.join(map(str, matched))} groups): a match that was looked for is no "
        "evidence of groups"
        if matched
        else "at no resolution does python-louvain match a cut of the tree into several groups"
    )
    return "; ".join(parts)


def nearest_cut(cuts: Sequence[Row], resolution: float, louvain: str = CONSENSUS) -> Row:
    """Return the row of the cut that a partition is most like; of several, that into fewest."""
    own = (row for row in cuts if (row["resolution"], row["louvain"]) == (resolution, louvain))
    return max(own, key=lambda row: (row["rand"], -row["groups"]))


def about_package(steps: Sequence[Step]) -> str:
    """Say where python-louvain's stopping rule makes a difference, and where its runs agree with
    one another, but partitions of other images do not.
    """
    early = [bool(step.stopped.mean() > 0.5) for step in steps]
    others = [step for step, is_early in zip(steps, early, strict=True) if not is_early]
    alike = [rand_indices(step.package, step.consensus).mean() for step in others]
    rest = (
        f"the mean adjusted Rand index with the consensus is {np.mean(alike):.2f}" if alike else ""
    )
    if any(early):
        stopped = [step for step, is_early in zip(steps, early, strict=True) if is_early]
        text = (
            f"python-louvain stops early at {spans([step.resolution for step in steps], early)}, "
            f"and finds {np.mean([package_groups(step) for step in stopped]):.1f} communities "
            f"there, where the consensus has {np.mean([step.groups for step in stopped]):.1f}"
        )
        text += f"; elsewhere {rest}" if rest else ""
    else:
        text = f"python-louvain's stopping rule makes no difference; {rest}"
    worst = max(steps, key=lambda step: package_stability(step) - step.stability)
    if package_stability(worst) >= STABLE > 2 * worst.stability:
        text += (
            f"; runs that agree show little: at resolution {worst.resolution:g}, its seeds agree "
            f"by {package_stability(worst):.2f}, resamples of the images by {worst.stability:.2f}"
        )
    return text


def spans(resolutions: Sequence[float], chosen: Iterable[bool]) -> str:
    """Return the chosen ones of ordered resolutions as text, rows of them by their ends."""
    parts = []
    for is_chosen, row in groupby(zip(resolutions, chosen, strict=True), key=lambda pair: pair[1]):
        ends = [resolution for resolution, _ in row]
        if is_chosen:
            parts.append(f"{ends[0]:g}" if len(ends) == 1 else f"{ends[0]:g} to {ends[-1]:g}")
    return f"resolution{'s' if len(parts) > 1 or ' ' in parts[0] else ''} {', '.join(parts)}"


def summarise(matrix: Dissimilarities, steps: Sequence[Step], cuts: Sequence[Row]) -> Row:
    """Return what the plateau of a matrix is, as a row of the report's table."""
    row = about(matrix) | dict.fromkeys(
        ("plateau", "groups", "stability", "nearest cut", "Rand"), ""
    )
    plateau = plateau_of(steps)
    if not plateau:
        return row | {"plateau": "none"}
    near = nearest_cut(cuts, plateau[0].resolution)
    return row | {
        "plateau": f"{plateau[0].resolution:g} to {plateau[-1].resolution:g}",
        "groups": plateau[0].groups,
        "stability": min(step.stability for step in plateau),
        "nearest cut": near["groups"],
        "Rand": near["rand"],
    }
