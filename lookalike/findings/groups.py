"""Sentences about groups of models: whether there are any, which clades hold, which communities."""

from collections import Counter

from lookalike.findings.models import FEWEST_FOR_A_VERDICT, TOO_FEW
from lookalike.groups.partitions import EVERY_RESOLUTION
from lookalike.inference.significance import is_clear

# A clade holds if it is in so many of the bootstrap trees.
HOLDS = 0.95
MOST_CLADES = 6


def rows_by(column, rows):
    """Return the rows of each value of a column, in their order."""
    return {
        value: [row for row in rows if row[column] == value]
        for value in dict.fromkeys(row[column] for row in rows)
    }


def metrics_of(rows):
    """Return the metrics of several rows as text."""
    return ", ".join(row["metric"] for row in rows)


def p_of(rows, test=""):
    """Return the corrected p values of a test in several rows as text: one, or from the least to
    the largest.
    """
    return f"p {span([float(row[f'{test}_holm'.lstrip('_')]) for row in rows], '.2g')}"


def span(numbers, form):
    """Return the least and the largest of some numbers as text, or one where they are written
    alike.
    """
    return " to ".join(dict.fromkeys(f"{end(numbers):{form}}" for end in (min, max)))


def span_by(found, form):
    """Return what several metrics give, as pairs of a number and a metric, as text."""
    return (
        f"{span([number for number, _ in found], form)} by "
        f"{', '.join(metric for _, metric in found)}"
    )


def usual_reason(rows):
    """Return why most of several tests were not made."""
    return Counter(row["untested"] for row in rows if row["untested"]).most_common(1)[0][0]


def braces(names):
    """Return names as a set."""
    return f"{{{', '.join(names)}}}"


def structure_sentences(rows):
    """Say by which metrics the models of a method differ in whom they are near to, and by which
    they need not.

    Parameters
    ----------
    rows : list of dict
        Of `inference/structure.csv`, for one subset of the images.

    Returns
    -------
    list of str
    """
    sentences = []
    for method, own in rows_by("method", rows).items():
        tested = [row for row in own if not row["untested"]]
        if not tested:
            sentences.append(
                f"{method}: whether there are groups cannot be tested: {usual_reason(own)}."
            )
            continue
        clear, unclear = (
            [row for row in tested if is_clear(row, "variance") == verdict]
            for verdict in (True, False)
        )
        parts = (
            [
                f"the dissimilarities have structure by {metrics_of(clear)} "
                f"({p_of(clear, 'variance')})"
            ]
            if clear
            else []
        )
        if unclear:
            parts.append(
                f"there is NO evidence of structure by {metrics_of(unclear)} "
                f"({p_of(unclear, 'variance')})"
            )
        grouped = [row for row in tested if is_clear(row, "silhouette")]
        counts = dict.fromkeys(row["groups"] for row in grouped)
        counts = [
            f"{count} by {metrics_of([row for row in grouped if row['groups'] == count])}"
            for count in counts
        ]
        parts.append(
            f"groups clearer than chance: {'; '.join(counts)} ({p_of(grouped, 'silhouette')})"
            if grouped
            else "no partition is clearer than chance"
        )
        untested = [
            f"not tested by {row['metric']}: {row['untested']}" for row in own if row["untested"]
        ]
        sentences.append(
            f"{method}: {'; '.join([*parts, *untested])} (permutation of models within "
            "images, Holm)."
        )
    return sentences


def clade_sentences(clades, structure, images, origins):
    """Say which clades hold in the resamples, by the metrics whose dissimilarities have structure.

    Parameters
    ----------
    clades : dict
        From (method, metric) to the parsed clades of its tree.
    structure : list of dict
        Of `inference/structure.csv`, for one subset of the images.
    images : dict
        From (method, metric) to the least number of images behind a dissimilarity.
    origins : dict
        From a model to the one that it is a replicate or a pruned variant of, or to itself: that
        these are near is no finding.

    Returns
    -------
    list of str
        Where there is no structure, no clade is named, whatever its support.
    """
    sentences = []
    for method, own in rows_by(
        "method", [row for row in structure if is_clear(row, "variance")]
    ).items():
        told_of = [row for row in own if images[method, row["metric"]] >= FEWEST_FOR_A_VERDICT]
        if few := [row for row in own if row not in told_of]:
            sentences.append(
                f"{method}: which clades hold is not told by {metrics_of(few)}: {TOO_FEW}."
            )
        held = {}
        for row in told_of:
            # The last clade is the root, which always holds.
            for clade in clades[method, row["metric"]][:-1]:
                members = tuple(sorted(clade["members"].split()))
                if clade["support"] >= HOLDS and len({origins[name] for name in members}) > 1:
                    held.setdefault(members, []).append((clade["support"], row["metric"]))
        ordered = sorted(held.items(), key=lambda item: (-len(item[1]), -max(item[1])[0], item[0]))
        told = [
            f"{braces(members)} holds in {span_by(found, '.0%')}"
            for members, found in ordered[:MOST_CLADES]
        ]
        if told:
            rest = (
                f", and {len(ordered) - MOST_CLADES} more in the dendrograms"
                if len(ordered) > MOST_CLADES
                else ""
            )
            sentences.append(
                f"{method}: of the resamples of the images, the clade "
                f"{'; the clade '.join(told)}{rest}."
            )
        elif told_of:
            sentences.append(
                f"{method}: no clade of different models holds in {HOLDS:.0%} of the "
                f"resamples by {metrics_of(told_of)}."
            )
    return sentences


def community_sentences(communities, structure, images):
    """Say which communities the partitions of all resolutions, seeds and resamples agree upon,
    where groups are clearer than chance.

    Parameters
    ----------
    communities : dict
        From (method, metric) to the rows of its `communities.csv`.
    structure : list of dict
        Of `inference/structure.csv`, for one subset of the images.
    images : dict
        From (method, metric) to the least number of images behind a dissimilarity.

    Returns
    -------
    list of str
    """
    sentences = []
    grouped = [
        row
        for row in structure
        if is_clear(row, "silhouette")
        and images[row["method"], row["metric"]] >= FEWEST_FOR_A_VERDICT
    ]
    for method, own in rows_by("method", grouped).items():
        found = {}
        for row in own:
            consensus = [
                one
                for one in communities[method, row["metric"]]
                if one["resolution"] == EVERY_RESOLUTION
            ]
            members = {}
            for one in consensus:
                members.setdefault(int(one["community"]), []).append(one["model"])
            told = (
                " and ".join(braces(members[number]) for number in sorted(members))
                if len(members) > 1
                else "no parting of the models"
            )
            found.setdefault(told, []).append((float(consensus[0]["stability"]), row["metric"]))
        told = [f"{partition}, stability {span_by(by, '.2f')}" for partition, by in found.items()]
        sentences.append(f"{method}: consensus communities: {'; '.join(told)}.")
    return sentences


def left_out_sentences(matrices, communities):
    """Say which models are in no group because their dissimilarities are not known.

    Parameters
    ----------
    matrices : dict
        From (method, metric) to the names of its models.
    communities : dict
        From (method, metric) to the rows of its `communities.csv`.

    Returns
    -------
    list of str
    """
    sentences = []
    for (method, metric), names in matrices.items():
        grouped = {row["model"] for row in communities[method, metric]}
        if missing := [name for name in names if name not in grouped]:
            sentences.append(
                f"{method}, {metric}: {', '.join(missing)} can be put into no group, for "
                "want of known dissimilarities."
            )
    return sentences
