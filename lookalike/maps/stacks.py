"""Files of many maps: the ids of their images, and reading them one map at a time."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from lookalike.core import io
from lookalike.core.errors import InputError
from lookalike.core.replacing import replacing
from lookalike.core.types import Row, StrPath
from lookalike.maps import formats, shapes

# Of all raw maps of a model, where they came as one file; a list of images lies next to it.
RAW_STACK = "raw.maps.npy"


def read_stack(path: StrPath, images: Sequence[str]) -> list[np.ndarray]:
    """Return the maps of some images, in order: from a folder with one `IMAGE.npy` each, or from
    one file of as many maps.
    """
    if Path(path).is_dir():
        return [*map(raw_reader(path), images)]
    _, stack = shapes.only_array(formats.open_arrays(path), path)
    if len(stack.shape) == 3 and len(images) not in (stack.shape[0], stack.shape[-1]):
        raise InputError(
            f"{path}: must hold {len(images)} maps, one for each image in order, not "
            f"{stack.shape[0]}"
        )
    axis = shapes.axis_of_images(stack.shape, len(images), path)
    maps = np.moveaxis(formats.load(stack, path), axis, 0)
    return [
        shapes.as_map(saliency, None, f"{path}, map {index}") for index, saliency in enumerate(maps)
    ]


def write_batch(path: StrPath, maps: Iterable[np.ndarray], card: Row) -> None:
    """Write maps one after another into one .npy file, and the card next to it.

    Parameters
    ----------
    path : path
        Of the `.npy` file; the card gets the same name with `.json`.
    maps : iterable of ndarray, shape (H, W)
    card : dict
        Must hold `images`, the ids in the order of the maps, and `shape`, [n, H, W].
    """
    count, *shape = card["shape"]
    header = {"descr": "<f4", "fortran_order": False, "shape": (count, *shape)}
    # Not by a memory map: a full disk would kill the process.
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for _, saliency in zip(range(count), maps, strict=True):
            file.write(np.broadcast_to(saliency, shape).astype("<f4").tobytes())
    io.write_json(Path(path).with_suffix(".json"), card)


class Batch:
    """The maps of a .npy file, (n, H, W), each read when it is asked for.

    A memory map would do the same, but all that was read of it counts as the job's memory.
    """

    def __init__(self, path: StrPath) -> None:
        mapped = np.lib.format.open_memmap(path, mode="r")
        if not mapped.flags.c_contiguous:
            raise ValueError("its values are in Fortran's order")
        self.path = path
        self.shape: tuple[int, ...] = mapped.shape
        self.dtype = mapped.dtype
        self.start = mapped.offset

    def __len__(self) -> int:
        return self.shape[0]

    def __iter__(self) -> Iterator[np.ndarray]:
        """Yield the maps one after another."""
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int) -> np.ndarray:
        """Return one map, shape (H, W)."""
        if not 0 <= index < len(self):
            raise IndexError(index)
        height, width = self.shape[1:]
        size = height * width
        start = self.start + int(index) * size * self.dtype.itemsize
        return np.fromfile(self.path, self.dtype, count=size, offset=start).reshape(height, width)


# Maps (n, H, W), on disk or in memory.
Maps = Batch | np.ndarray


def read_batch(path: StrPath) -> tuple[Batch, Row]:
    """Open a batch of maps without loading it.

    Returns
    -------
    maps : Batch, shape (n, H, W), float32
    card : dict
        What `write_batch` was given.
    """
    card = io.read_json(Path(path).with_suffix(".json"))
    try:
        maps = Batch(path)
    except Exception as error:
        raise InputError(f"{path}: not a readable .npy array ({error})") from None
    if list(maps.shape) != card["shape"] or len(card["images"]) != len(maps):
        raise InputError(
            f"{path}: holds {maps.shape}, its card says {card['shape']} for "
            f"{len(card['images'])} images; delete both, and they are made again"
        )
    return maps, card


def files_of_models(
    places: Sequence[StrPath], models: Sequence[str], suffix: str = ".npy"
) -> list[Path]:
    """Return the batches of models, or their cards.

    Parameters
    ----------
    places : sequence of path
        The files of the models, in their order; or folders that hold those of several models, under
        their names.
    models : sequence of str
    suffix : str
        Of a batch or a card.

    Returns
    -------
    list of Path
    """
    folders = [Path(place) for place in places if Path(place).is_dir()]
    files = iter(Path(place) for place in places if not Path(place).is_dir())
    found = []
    for model in models:
        own = (folder / f"{model}{suffix}" for folder in folders)
        found.append(next((path for path in own if path.exists()), None) or next(files))
    return found


def batches_at(place: StrPath) -> list[Path]:
    """Return a batch itself, or all batches that a folder holds."""
    return sorted(Path(place).glob("*.npy")) if Path(place).is_dir() else [Path(place)]


def read_batches(
    paths: Sequence[StrPath],
    images: Sequence[str] | None = None,
    images_path: StrPath | None = None,
) -> tuple[list[Batch], Sequence[str], float | None]:
    """Open the batches of several models, which must hold the same images in the same range.

    Parameters
    ----------
    paths : sequence of path
    images : list of str, optional
        Ids that the batches must hold; by default those of the first batch.
    images_path : path, optional
        Source of `images`, for the error.

    Returns
    -------
    maps : list of Batch, each of shape (n, H, W)
    images : list of str
    data_range : float or None
    """
    batches = [read_batch(path) for path in paths]
    first_maps, first_card = batches[0]
    if images is None or images_path is None:
        images, images_path = first_card["images"], paths[0]
    for path, (maps, card) in zip(paths, batches, strict=True):
        io.same_images(images, card["images"], images_path, path)
        if maps.shape != first_maps.shape or card["data_range"] != first_card["data_range"]:
            views = [f"{one['shape']} of range {one['data_range']}" for one in (first_card, card)]
            raise InputError(
                f"{paths[0]} and {path} are different views: {views[0]}, and {views[1]}"
            )
    check_orientation(paths, [card for _, card in batches], images)
    return [maps for maps, _ in batches], images, first_card["data_range"]


def write_raw(
    folder: StrPath, images: Sequence[str], maps: Iterable[np.ndarray], *, stacked: bool
) -> None:
    """Write raw maps for `raw_reader`: one file each, or one of all, which are then of one
    shape.
    """
    found = iter(maps)
    if not stacked:
        for image, saliency in zip(images, found, strict=True):
            io.write_map(Path(folder, f"{image}.npy"), saliency)
        return
    first = next(found)
    card = {"images": list(images), "shape": [len(images), *first.shape]}
    write_batch(Path(folder, RAW_STACK), itertools.chain([first], found), card)


def raw_reader(folder: StrPath) -> Callable[[str], np.ndarray]:
    """Return a function from an image to its raw map in a folder, (h, w)."""
    path = Path(folder, RAW_STACK)
    if not path.with_suffix(".json").exists():
        return lambda image: io.read_map(Path(folder, f"{image}.npy"))
    maps, card = read_batch(path)
    number = {image: index for index, image in enumerate(card["images"])}
    return lambda image: maps[number[image]]


def check_orientation(
    paths: Sequence[StrPath], cards: Sequence[Row], images: Sequence[str]
) -> None:
    """Refuse maps of one image that are wide in one batch and high in another."""
    known: dict[str, tuple[StrPath, list[int]]] = {}
    for path, card in zip(paths, cards, strict=True):
        shapes = card.get("native_shapes") or [card.get("native_shape") or [1, 1]] * len(images)
        for image, shape in zip(images, shapes, strict=True):
            if shape[0] == shape[1]:
                continue
            first_path, first = known.setdefault(image, (path, shape))
            if (first[0] < first[1]) != (shape[0] < shape[1]):
                raise InputError(
                    f"{first_path} and {path}: the maps of image {image!r} are {first[0]} x "
                    f"{first[1]} and {shape[0]} x {shape[1]} cells; one is transposed, so give "
                    "both as (height, width)"
                )
