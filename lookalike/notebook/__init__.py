"""Comparison of maps in a notebook, by the functions that the workflow calls.

Comes in: maps as arrays, (n, H, W) a model.
Goes out: one object with matrices, trees, communities, tests and figures.
"""
