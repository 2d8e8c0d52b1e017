"""Loops of metrics, compiled by Numba at their first call.

Nobody needs to read these files to use or to add a metric.
"""
