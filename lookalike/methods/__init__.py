"""Explanation methods: one file each; from a model and images to raw maps."""
