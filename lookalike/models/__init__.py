"""Vision models: built, trained, loaded, pruned.

Comes in: recipes of the config, checkpoints, images.
Goes out: checkpoints with sidecars, predictions, features, rankings of channels.
"""
