"""Saliency maps: views of raw ones on one grid, user-supplied ones, and their audit.

Comes in: raw maps, one file for each image, or existing maps in any layout.
Goes out: batches (n, H, W) with the ids of their images; audits; mass inside masks.
"""
