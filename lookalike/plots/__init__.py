"""Figures, one function each.

Comes in: tables and arrays.
Goes out: matplotlib figures, saved as SVG and PNG.
"""
