"""Importance of feature maps for a predicted score: what the prediction, and its error, do without
each of them.
"""

from lookalike.core.registry import method


@method(
    signed=True,
    targets="scores",
    reference="after Truong, Pesenti and Hasson 2024, arXiv:2409.16292",
)
def ais_regression(model, images, targets, seeds, *, depth=1.0, layer=None, signed=True):
    """Return sum_k w_k ReLU(A_k), w_k by how much the prediction changes where channel k is zeroed,
    every image its own.

    w_k is abs(delta_k), with the sign of the change of the absolute error: a channel without which
    the error grows counts as positive.

    Parameters
    ----------
    model : VisionModel
        With a regression head.
    images : Tensor, shape (n, 3, H, W)
        RGB in [0, 1].
    targets : Tensor, shape (n,)
        True scores.
    seeds : list of int
        Not used.
    depth : float
        In (0, 1]: a shallower target layer.
    layer : str, optional
        Name of a module, which goes before `depth`.
    signed : bool
        Whether a channel without which the error falls counts as negative; if not, all weights are
        abs(delta_k).

    Returns
    -------
    maps : ndarray, shape (n, h, w), float32
        On the grid of the target layer.
    diagnostics : dict
        `error`: of the prediction, absolute, in the score's unit.
    """
    from lookalike.models.channels import leave_one_out, record
    from lookalike.models.grids import to_grid
    from lookalike.models.layers import target_layer

    size = tuple(images.shape[2:])
    recording = record(
        model.net, target_layer(model.net, depth, layer, size), model.normalise(images)
    )
    predicted, without = (
        recording.outputs[:, 0].double(),
        leave_one_out(recording)[:, :, 0].double(),
    )
    errors = (predicted - targets).abs()
    weights = (without - predicted[:, None]).abs()
    if signed:
        weights *= ((without - targets[:, None]).abs() - errors[:, None]).sign()
    cells = to_grid(recording.activation, model.net, size).relu().double()
    maps = (weights[:, :, None, None] * cells).sum(dim=1)
    return maps.float().cpu().numpy(), {"error": errors.cpu().numpy()}
