"""What users call for a pair of maps: the functions of other libraries that the metrics are timed
against.
"""

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

# A function of a pair of maps.
Peer = Callable[[np.ndarray, np.ndarray], Any]
# What saliencytools has, and the metric of lookalike that takes its place; its jaccard_index is
# jaccard_distance's raw value.
SALIENCYTOOLS = {
    "ssim": "ssim",
    "psnr": "psnr",
    "emd": "emd_values",
    "mean_absolute_error": "mae",
    "sign_agreement_ratio": "sign_agreement",
    "cosine_distance": "cosine",
    "jaccard_distance": "jaccard",
    "correlation_distance": "pearson",
    "mean_squared_error": "mse",
    "czenakowski_distance": "czekanowski",
    "euclidean_distance": "rmse",
    "kl_divergence": "kl_divergence",
    "auc_judd": "auc_judd",
}


def peers() -> dict[str, tuple[str, Peer]]:
    """Return, by metric, whose function a user would call for a pair, and that function."""
    import ot
    from saliencytools import maskcompare
    from scipy.spatial import distance
    from scipy.stats import entropy, pearsonr, spearmanr, wasserstein_distance
    from skimage.metrics import mean_squared_error, peak_signal_noise_ratio, structural_similarity
    from sklearn.metrics import mean_absolute_error, roc_auc_score

    from lookalike.metrics.emd import distributions

    sliced = importlib.import_module("lookalike.metrics.sliced_wasserstein")
    directions = sliced.directions(64).T

    def sliced_wasserstein(x: np.ndarray, y: np.ndarray) -> float:
        points = sliced.positions(*x.shape).astype(x.dtype)
        masses = [one.ravel() / one.sum() for one in (x, y)]
        return ot.sliced_wasserstein_distance(points, points, *masses, projections=directions, p=1)

    cells = np.argwhere(np.ones((28, 28)))
    ground = distance.cdist(cells, cells) / np.hypot(27, 27)
    gaussian = {
        "gaussian_weights": True,
        "sigma": 1.5,
        "use_sample_covariance": False,
        "data_range": 1.0,
    }
    of_vectors = {
        "cosine": ("SciPy", distance.cosine),
        "pearson": ("SciPy", pearsonr),
        "spearman": ("SciPy", spearmanr),
        "emd_values": ("SciPy", wasserstein_distance),
        "jensen_shannon": ("SciPy", lambda x, y: distance.jensenshannon(x, y, base=2)),
        "kl_divergence": (
            "SciPy",
            lambda x, y: entropy(x + 1e-10, y + 1e-10) + entropy(y + 1e-10, x + 1e-10),
        ),
        "czekanowski": ("SciPy", distance.braycurtis),
        "mae": ("scikit-learn", mean_absolute_error),
        "auc_judd": (
            "scikit-learn",
            lambda x, y: [roc_auc_score(b > b.mean(), a) for a, b in ((x, y), (y, x))],
        ),
    }
    of_maps = {
        "mse": ("scikit-image", mean_squared_error),
        "rbf": ("scikit-image", lambda x, y: np.exp(-3.92 * mean_squared_error(x, y))),
        "psnr": ("scikit-image", lambda x, y: peak_signal_noise_ratio(x, y, data_range=1.0)),
        "ssim": ("scikit-image", lambda x, y: structural_similarity(x, y, **gaussian)),
        "emd": (
            "POT",
            lambda x, y: ot.emd2(
                *(distributions(one[None].astype(float))[0].ravel() for one in (x, y)), ground
            ),
        ),
        "sliced_wasserstein": ("POT", sliced_wasserstein),
    }
    flattened = {
        name: (owner, lambda x, y, function=function: function(x.ravel(), y.ravel()))
        for name, (owner, function) in of_vectors.items()
    }
    return (
        flattened
        | of_maps
        | {
            f"saliencytools.{name}": ("saliencytools", getattr(maskcompare, name))
            for name in SALIENCYTOOLS
        }
    )
