"""Metrics, one a file.

Comes in: two stacks of maps of one image, (a, H, W) and (b, H, W).
Goes out: dissimilarities (a, b).
"""
