"""Train a small network on scikit-learn's 1,797 digits, and write a map of each with its class.

    python examples/digits.py FOLDER

Maps are integrated gradients of the predicted class from a black image, shape (1797, 8, 8), in
`maps.npy`; `labels.csv` says which digit each shows. One seed gives the same files.
"""

import csv
import sys
from pathlib import Path

import numpy as np
import torch
from captum.attr import IntegratedGradients
from sklearn.datasets import load_digits
from torch import nn

EPOCHS, BATCH, STEPS = 15, 64, 32


def train(images, classes):
    """Return a network that was trained on images (n, 1, 8, 8)."""
    network = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(32 * 16, 10),
    )
    optimizer = torch.optim.Adam(network.parameters(), 1e-3)
    for _ in range(EPOCHS):
        for chosen in torch.randperm(len(images)).split(BATCH):
            optimizer.zero_grad()
            nn.functional.cross_entropy(network(images[chosen]), classes[chosen]).backward()
            optimizer.step()
    return network.eval()


def main(folder):
    """Write the maps and classes of all digits."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    digits = load_digits()
    images = torch.tensor(digits.images[:, None] / 16, dtype=torch.float32)
    network = train(images, torch.tensor(digits.target))
    predicted = network(images).argmax(dim=1)
    maps = IntegratedGradients(network).attribute(images, target=predicted, n_steps=STEPS)
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "maps.npy", maps[:, 0].detach().numpy().astype(np.float32))
    with (folder / "labels.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["image", "label"])
        writer.writerows([f"digit-{n:04}", label] for n, label in enumerate(digits.target))
    right = (predicted.numpy() == digits.target).mean()
    print(f"{len(maps)} maps; the network is right on {right:.1%} of the digits that it has seen")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
