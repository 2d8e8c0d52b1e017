"""Metrics: one file each; a dissimilarity between stacks of maps of the same image."""
