"""What images tell before any job: the names and contents of files, and the groups of a table."""

from collections.abc import Callable, Collection
from pathlib import Path

from lookalike.images.folders import list_images
from lookalike.images.manifest import given_images
from lookalike.images.remarks import listed
from lookalike.images.sampling import among, sample_images, training_classes
from lookalike.images.scores import split_training
from lookalike.images.units import find_groups
from lookalike.workflow.plan import Plan


def check_images(plan: Plan, hashed: Callable[[Path], str], common: Collection[str] | None) -> None:
    """Refuse images that lack what the plan needs: classes, splits, enough to explain, or a group.

    Of an archive and the demo nothing is known before they are unpacked or drawn.

    Parameters
    ----------
    plan : Plan
    hashed : callable
        From a path to a hash of the file's content.
    common : collection of str, optional
        The images that all given sets of maps have, if there are such.
    """
    images = plan.images
    if images.source == "demo" or plan.archives or (images.source is None and not common):
        return
    if images.source is None:
        rows = given_images(list(common or ()), images.split)
    else:
        rows = list_images(images.source, plan.seed, None if plan.trained else images.split, hashed)
    if plan.finetuned:
        training_classes(rows, listed(plan.finetuned))
    if plan.headed:
        split_training(rows, plan.seed)
    explained = sample_images(
        among(rows, common if images.common else None),
        images.split,
        images.n,
        plan.seed,
        plan.trained,
    )
    find_groups(rows, explained, plan.draws_classes, *plan.group_table)
