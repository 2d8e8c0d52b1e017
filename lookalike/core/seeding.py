"""Seeds from the config's seed and a job's own names, so that the order of jobs does not matter."""

import hashlib
from typing import Any

import numpy as np


def seed_of(seed: int, *names: Any) -> int:
    """Return a 63-bit integer seed for the given names."""
    text = "\0".join([str(seed), *map(str, names)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little") >> 1


def rng_of(seed: int, *names: Any) -> np.random.Generator:
    """Return a NumPy generator for the given names."""
    return np.random.default_rng(seed_of(seed, *names))
