"""Signs: whether user-supplied maps are signed, which nobody says, so that their values must."""

from lookalike.core.errors import InputError
from lookalike.core.types import StrPath
from lookalike.maps.existing import find_maps, read_maps
from lookalike.maps.shapes import Channels


def are_signed(path: StrPath, channels: Channels | None = None) -> bool:
    """Return whether any of the maps at a path has a negative value.

    Maps that are missing or cannot be read count as signed: they are refused where they are used.

    Parameters
    ----------
    path : path
        As for `find_maps`.
    channels : {"sum", "max"}, optional
        What becomes of the channels of each map.
    """
    try:
        maps = read_maps(path, list(find_maps(path).maps), channels=channels)
        return any(saliency.min(initial=0) < 0 for saliency in maps)
    except InputError:
        return True
