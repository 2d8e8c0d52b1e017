"""Regression heads: a small perceptron that predicts one score from the features of a frozen
backbone.
"""

from collections.abc import Sequence

from torch import nn

from lookalike.models.networks import TimmNetwork


def attach_head(
    net: TimmNetwork, n_features: int, hidden: Sequence[int], dropout: float
) -> TimmNetwork:
    """Put a regression head on a network without a classifier.

    Parameters
    ----------
    net : torch.nn.Module
        A timm network of 0 classes, which outputs its features.
    n_features : int
    hidden : list of int
        Sizes of the hidden layers.
    dropout : float
        Share of hidden units that training leaves out at random.

    Returns
    -------
    torch.nn.Module
        The same network, with `regression_head`; its output is (n, 1).
    """
    net.regression_head = build_head(n_features, hidden, dropout)
    # The head reads the network's output, however its family pools the features.
    net.register_forward_hook(
        lambda module, inputs, features: module.regression_head(features.flatten(1))
    )
    return net


def build_head(n_features: int, hidden: Sequence[int], dropout: float) -> nn.Sequential:
    """Return a perceptron with ReLU and dropout after each hidden layer, and one output."""
    layers: list[nn.Module] = []
    width = n_features
    for size in hidden:
        layers += [nn.Linear(width, size), nn.ReLU(), nn.Dropout(dropout)]
        width = size
    return nn.Sequential(*layers, nn.Linear(width, 1))
