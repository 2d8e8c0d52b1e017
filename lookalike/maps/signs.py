"""Signs: whether user-supplied maps are signed, which nobody says, so that their values must."""

from pathlib import Path

from lookalike.core.errors import InputError
from lookalike.core.types import StrPath
from lookalike.maps.existing import find_maps, read_maps


def are_signed(path: StrPath) -> bool:
    """Return whether any of the maps at a path has a negative value.

    Maps that are missing or cannot be read count as signed: they are refused where they are used.
    """
    if not Path(path).exists():
        return True
    images = list(find_maps(path))
    try:
        return any(saliency.min(initial=0) < 0 for saliency in read_maps(path, images))
    except InputError:
        return True
