"""What a user-supplied folder of images tells before any job: the names and contents of files."""

from collections.abc import Callable, Collection
from pathlib import Path

from lookalike.images.folders import list_images
from lookalike.images.remarks import listed
from lookalike.images.sampling import among, sample_images, training_classes
from lookalike.images.scores import split_training
from lookalike.workflow.plan import Plan


def check_images(plan: Plan, hashed: Callable[[Path], str], common: Collection[str] | None) -> None:
    """Refuse a folder that lacks what the plan needs: classes, splits, or images to explain.

    Parameters
    ----------
    plan : Plan
    hashed : callable
        From a path to a hash of the file's content.
    common : collection of str, optional
        The only images that may be explained.
    """
    images = plan.images
    if images.source in (None, "demo") or plan.archives:
        return
    rows = list_images(images.source, plan.seed, None if plan.trained else images.split, hashed)
    if plan.finetuned:
        training_classes(rows, listed(plan.finetuned))
    if plan.headed:
        split_training(rows, plan.seed)
    sample_images(among(rows, common), images.split, images.n, plan.seed, plan.trained)
