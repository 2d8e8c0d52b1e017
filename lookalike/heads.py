"""Regression heads: a small perceptron that predicts one score from the features of a frozen backbone."""

import copy

import torch
from torch import nn

WEIGHT_DECAY = 0.05
# As a share of the root mean square of all features' standard deviations.
SMALLEST_SPREAD = 0.1


def attach_head(net, n_features, hidden, dropout):
    """Put a regression head on a network without a classifier.

    Parameters
    ----------
    net : torch.nn.Module
        A timm network of 0 classes, whose output are its features.
    n_features : int
    hidden : list of int
        Sizes of the hidden layers.
    dropout : float
        Share of hidden units that are left out at random in training.

    Returns
    -------
    torch.nn.Module
        The same network, with `regression_head`; its output is (n, 1).
    """
    net.regression_head = build_head(n_features, hidden, dropout)
    # Whatever way a family pools its features, the head reads the network's output.
    net.register_forward_hook(lambda module, inputs, features: module.regression_head(features.flatten(1)))
    return net


def build_head(n_features, hidden, dropout):
    """Return a perceptron with ReLU and dropout after each hidden layer, and one output."""
    layers, width = [], n_features
    for size in hidden:
        layers += [nn.Linear(width, size), nn.ReLU(), nn.Dropout(dropout)]
        width = size
    return nn.Sequential(*layers, nn.Linear(width, 1))


def fit_head(train, stopping, *, hidden, dropout, epochs, patience, lr, batch, seed):
    """Fit a head to features and scores, and stop where it no longer gets better on images that it is not fitted to.

    The fit is on standardised features and scores; the standardisation is then folded into the first and last layer, so
    that the head takes features as they are and gives scores in their own unit.

    Parameters
    ----------
    train, stopping : (Tensor, Tensor)
        Features (n, F), float32, and scores (n,); the weights of the epoch with the least squared error on `stopping`
        are kept.
    hidden, dropout
        As for `build_head`.
    epochs : int
        Most passes over the training images.
    patience : int
        Epochs without a better one after which to stop.
    lr : float
    batch : int
    seed : int
        Of the weights, the order of the images and the dropout.

    Returns
    -------
    head : torch.nn.Module
        In evaluation mode.
    history : list of dict
        `epoch`, `loss` (mean squared error in the fit, in standard deviations) and `rmse` on `stopping`, in the score's
        unit; epoch 0 is before the fit.
    """
    torch.manual_seed(seed)
    features, scores = train
    centre, spread = features.mean(dim=0), features.std(dim=0, correction=0)
    # What hardly varies here would be scaled up, and be an outlier where it does.
    spread = spread.clamp(min=max(SMALLEST_SPREAD * float(spread.square().mean().sqrt()), torch.finfo(spread.dtype).tiny))
    middle, unit = scores.mean(), scores.std(correction=0) or torch.tensor(1.0)
    inputs, wanted = (features - centre) / spread, (scores - middle) / unit
    held_back = (stopping[0] - centre) / spread
    head = build_head(features.shape[1], hidden, dropout)
    optimizer = torch.optim.AdamW(head.parameters(), lr=lr, weight_decay=WEIGHT_DECAY)

    def error():
        with torch.no_grad():
            return float((head.eval()(held_back)[:, 0] * unit + middle - stopping[1]).square().mean().sqrt())

    history = [{"epoch": 0, "loss": None, "rmse": error()}]
    best, kept = history[0], copy.deepcopy(head.state_dict())
    while len(history) <= epochs and len(history) - best["epoch"] <= patience:
        head.train()
        losses = 0.0
        for places in torch.randperm(len(inputs)).split(batch):
            loss = nn.functional.mse_loss(head(inputs[places])[:, 0], wanted[places])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            losses += loss.item() * len(places)
        history.append({"epoch": len(history), "loss": losses / len(inputs), "rmse": error()})
        if history[-1]["rmse"] < best["rmse"]:
            best, kept = history[-1], copy.deepcopy(head.state_dict())
    head.load_state_dict(kept)
    fold(head, centre, spread, middle, unit)
    return head.eval(), history


@torch.no_grad()
def fold(head, centre, spread, middle, unit):
    """Make a head for standardised features and scores one for features and scores as they are, in place."""
    first, last = head[0], head[-1]
    first.weight /= spread
    first.bias -= first.weight @ centre
    last.weight *= unit
    last.bias.mul_(unit).add_(middle)
