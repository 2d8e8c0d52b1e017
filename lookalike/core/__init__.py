"""What every stage uses: errors, files, seeds, the registry, logs, tables over pairs, ranks and
unit vectors.

Comes in: nothing of lookalike. Goes out: to all other packages.
"""
