"""Numbers as text that a page can hold, and its script unpacks: compressed, then base64."""

import base64
import gzip
import json
from math import isfinite
from typing import Any

import numpy as np

# The largest level stands for a value that is not known.
UNKNOWN = 65535


def pack(content: bytes) -> str:
    """Return bytes as base64."""
    return base64.b64encode(content).decode()


def compress(content: bytes) -> str:
    """Return compressed bytes as base64; equal bytes give equal text."""
    return pack(gzip.compress(content, 9, mtime=0))


def pack_json(content: Any) -> str:
    """Return an object as compressed JSON, without NaN, which JSON does not have."""
    text = json.dumps(plain(content), separators=(",", ":"), allow_nan=False, ensure_ascii=False)
    return compress(text.encode())


def plain(content: Any) -> Any:
    """Return an object in types of JSON: numbers with six digits, None where one is not known."""
    if isinstance(content, dict):
        return {str(name): plain(value) for name, value in content.items()}
    if isinstance(content, np.ndarray):
        return plain(content.tolist())
    if isinstance(content, list | tuple):
        return [plain(value) for value in content]
    if isinstance(content, np.bool_ | np.integer):
        return content.item()
    if isinstance(content, float):
        return float(f"{content:.6g}") if isfinite(content) else None
    return content


def pack_values(values: np.ndarray) -> dict[str, Any]:
    """Return values as levels of 16 bits.

    Parameters
    ----------
    values : ndarray
        NaN where a value is not known.

    Returns
    -------
    dict
        `low` and `high`, between which the levels 0 to 65534 lie at equal distances, and `packed`,
        the levels in C order, little-endian, as of `compress`.
    """
    known = values[np.isfinite(values)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)
    step = (high - low) / (UNKNOWN - 1) or 1.0
    with np.errstate(invalid="ignore"):
        levels = np.rint((values - low) / step)
    levels = np.where(np.isfinite(values), levels, UNKNOWN).astype("<u2")
    return {"low": low, "high": high, "packed": compress(levels.tobytes())}
