"""Intervals of shares."""


def wilson_interval(hits: int, n: int) -> tuple[float, float]:
    """Return Wilson's 95% interval of a share of n."""
    from scipy.stats import binomtest

    low, high = binomtest(hits, n).proportion_ci(method="wilson")
    return float(low), float(high)
