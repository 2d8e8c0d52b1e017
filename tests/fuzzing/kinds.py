"""The kinds of inputs."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import strategies as st

from fuzzing import arrays, checkpoints, configs, pictures, results
from lookalike.images.manifest import find_images
from lookalike.images.masks import read_object
from lookalike.images.reading import read_image
from lookalike.models.weights import read_weights
from lookalike.workflow.schema import read_schema


@dataclass(frozen=True)
class Kind:
    """A kind of input.

    Attributes
    ----------
    count : int
        How many are tried.
    valid : strategy
        Of files, and what they hold.
    read, sound, same : callable
        How it is read; what is true of every result; what is true of that of valid files.
    odd : strategy
        Of files that are strange from the start.
    """

    count: int
    valid: st.SearchStrategy
    read: Callable[[], Any]
    sound: Callable[[Any], None]
    same: Callable[[Any, Any], None]
    odd: st.SearchStrategy = field(default_factory=st.nothing)


KEYS = sorted(read_schema()["properties"])
KINDS = {
    "config": Kind(
        200,
        configs.configs(),
        results.read_config,
        results.is_plan,
        results.same_plan,
        configs.odd_configs(KEYS),
    ),
    "maps, .npy": Kind(
        180,
        arrays.npy_maps(),
        results.read_all_maps,
        results.are_maps,
        results.same_maps,
        arrays.odd_npy,
    ),
    "maps, .npz": Kind(
        150,
        arrays.npz_maps(),
        results.read_all_maps,
        results.are_maps,
        results.same_maps,
        arrays.odd_npz(),
    ),
    "maps, text": Kind(
        150, arrays.text_maps(), results.read_all_maps, results.are_maps, results.same_maps
    ),
    "maps, pictures": Kind(
        150,
        pictures.picture_maps(),
        results.read_all_maps,
        results.are_maps,
        results.same_maps,
        pictures.png_files().map(lambda content: {"maps/a.png": content}),
    ),
    "maps, .pt and .mat": Kind(
        100,
        arrays.other_maps(),
        results.read_all_maps,
        results.are_maps,
        results.same_maps,
        checkpoints.odd_pickles("maps/a.pt"),
    ),
    "matrices": Kind(
        300,
        arrays.matrices(),
        results.read_matrix,
        results.is_matrix,
        results.same_matrix,
        arrays.odd_matrices,
    ),
    "images": Kind(
        260,
        pictures.images(),
        lambda: read_image(results.the_file("image"), 8, "squash"),
        results.is_image,
        np.testing.assert_array_equal,
        pictures.odd_images,
    ),
    "masks": Kind(
        240,
        pictures.masks(),
        lambda: read_object(results.the_file("mask"), "image.png"),
        results.is_mask,
        np.testing.assert_array_equal,
        pictures.odd_masks,
    ),
    "folders of images": Kind(
        110,
        pictures.folders(),
        lambda: find_images("images"),
        results.is_manifest,
        results.same_manifest,
        pictures.odd_folders,
    ),
    "weights": Kind(
        200,
        checkpoints.weights(),
        lambda: read_weights(results.the_file("w")),
        results.are_tensors,
        results.same_tensors,
        checkpoints.odd_safetensors() | checkpoints.odd_pickles(),
    ),
    "networks": Kind(
        30,
        checkpoints.networks(),
        results.read_checkpoint,
        results.is_network,
        results.same_network,
        checkpoints.odd_networks(),
    ),
}
