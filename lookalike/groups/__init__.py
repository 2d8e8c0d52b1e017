"""Groups of models: trees, communities, principal coordinates.

Comes in: dissimilarities and their bootstrap replicates.
Goes out: trees with clade support, consensus communities, coordinates with ellipses.
"""
