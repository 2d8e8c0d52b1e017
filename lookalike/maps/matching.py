"""Images of existing maps, matched across models by their ids."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from lookalike.core.errors import InputError
from lookalike.core.types import Row


def match_images(
    found: Mapping[str, Collection[str]], *, common: bool
) -> tuple[list[str], list[Row]]:
    """Return the images that have a map in every set of maps, and those that lack some.

    Parameters
    ----------
    found : dict
        By path of a set of maps, the ids of its images.
    common : bool
        Whether to leave out images that some sets lack, instead of refusing them.

    Returns
    -------
    images : list of str
    unmatched : list of dict
        `image` and `lacking`, the paths of the sets without it.

    Raises
    ------
    InputError
        If a set lacks an image that may not be left out, or no image is common to all.
    """
    if not found:
        return [], []
    sets = [set(images) for images in found.values()]
    everywhere, anywhere = set.intersection(*sets), set.union(*sets)
    unmatched = [
        {
            "image": image,
            "lacking": [str(path) for path, images in found.items() if image not in images],
        }
        for image in sorted(anywhere - everywhere)
    ]
    if not everywhere:
        # The sets that do not fit are those without the image that most sets have.
        most = min(unmatched, key=lambda row: len(row["lacking"]))
        odd = most["lacking"]
        raise InputError(
            f"{', '.join(odd)}: has no map of image {most['image']!r}, but of "
            f"{min(found[odd[0]])!r} and others. No image is common to all: maps of the same image "
            "need the same file name, and files of many maps a list of their images; mend this, or "
            "leave models out with models_from: {folder: ..., exclude: [...]}"
        )
    if unmatched and not common:
        first = unmatched[0]
        owner = next(path for path, images in found.items() if first["image"] in images)
        counts = Counter(path for row in unmatched for path in row["lacking"])
        lacking = ", ".join(f"{count} in {path}" for path, count in counts.items())
        raise InputError(
            f"{first['lacking'][0]}: has no map of image {first['image']!r}, but {owner} has one "
            f"({len(unmatched)} such images: {lacking}); add it, or set images: {{common: true}} "
            "to leave out what some lack"
        )
    return sorted(everywhere), unmatched


def check_classes(found: Mapping[str, Mapping[str, str]]) -> None:
    """Refuse an id that stands for images of different classes in two sets of maps.

    Parameters
    ----------
    found : dict
        By path of a set of maps, from the ids of its images to the folders of their maps. They are
        classes where both sets have both folders.
    """
    known: dict[str, str] = {}
    classes = {path: {*folders.values()} for path, folders in found.items()}
    for path, folders in found.items():
        for image, own in folders.items():
            other_path = known.setdefault(image, path)
            other = found[other_path][image]
            if own != other and {own, other} <= classes[path] & classes[other_path]:
                raise InputError(
                    f"{path}: the map of image {image!r} lies in {own}, but in {other_path} in "
                    f"{other}; give patterns with {{class}} and {{image}} and different names to "
                    "images of different classes"
                )


def list_unmatched(
    manifest: Sequence[str], common: Sequence[str], unmatched: Sequence[Row]
) -> list[Row]:
    """Return a table of the images that are left out, and of the sets of maps that lack them.

    Parameters
    ----------
    manifest : list of str
        Ids of the images that there are; those without any map are added to the table.
    common, unmatched
        What `match_images` returned.
    """
    known = {*common, *(row["image"] for row in unmatched)}
    rows = [row | {"lacking": "; ".join(row["lacking"])} for row in unmatched]
    return rows + [
        {"image": image, "lacking": "any of the given sets of maps"}
        for image in manifest
        if image not in known
    ]
