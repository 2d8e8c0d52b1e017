"""Tests of structure, of factors, and of agreement between matrices.

Comes in: tables of images (`ImageTable`), matrices (`Dissimilarities`), factors of models.
Goes out: tables of statistics, p values and intervals.
"""
