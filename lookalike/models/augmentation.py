"""Augmentation of training images."""

import torch


def augment(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Zoom, shift, mirror and dim images (n, 3, H, W) in [0, 1], each at random, on the device that
    they are on.
    """
    n, _, height, width = images.shape
    draws = torch.rand(5, n, generator=generator).to(images.device)
    zoom = 0.8 + 0.2 * draws[0]
    mirror = torch.where(draws[1] < 0.5, -1.0, 1.0)
    shift = (2 * draws[2:4] - 1) * (1 - zoom)
    # No image is turned, so that columns and rows move apart; affine_grid would multiply matrices.
    columns, rows = (
        scale[:, None] * pixel_centres(size, images.device) + offset[:, None]
        for scale, size, offset in ((zoom * mirror, width, shift[0]), (zoom, height, shift[1]))
    )
    grid = torch.stack(
        [
            columns[:, None].expand(n, height, width),
            rows[:, :, None].expand(n, height, width),
        ],
        dim=-1,
    )
    moved = torch.nn.functional.grid_sample(
        images, grid, padding_mode="reflection", align_corners=False
    )
    return moved * (0.8 + 0.2 * draws[4]).view(n, 1, 1, 1)


def pixel_centres(size: int, device: torch.device) -> torch.Tensor:
    """Return where the pixels of a row lie between its ends, at -1 and 1."""
    return torch.linspace(-1, 1, size, device=device) * (size - 1) / size
