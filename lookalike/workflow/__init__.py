"""What the Snakefile needs: the config, resolved to a plan, and fingerprints of code.

Comes in: `config.yaml`.
Goes out: what each job is given. Knows all other packages.
"""
