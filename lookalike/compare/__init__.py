"""Comparison: every pair of models on every image, then one matrix.

Comes in: batches of maps.
Goes out: values and chance values of pairs (`ImageTable`), and matrices with their bootstrap
replicates (`Dissimilarities`).
"""
