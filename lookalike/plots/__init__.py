"""Figures, one function each; every one returns a matplotlib `Figure`."""
