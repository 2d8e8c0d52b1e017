"""What every stage uses: errors, files and their state, seeds, the registry, logs, condensed
matrices, ranks and unit vectors.

Comes in: nothing of lookalike. Goes out: to all other packages.
"""
