"""Explanation methods, one in each file.

Comes in: a model, images and targets.
Goes out: raw saliency maps on the method's native grid.
"""
