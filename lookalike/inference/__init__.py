"""Tests of structure, of factors, and of agreement between matrices.

Comes in: per-image values, dissimilarities, factors of models.
Goes out: tables of statistics, p values and intervals.
"""
