"""Findings: what the numbers say, in plain sentences, each with its statistic.

Comes in: tables of all stages.
Goes out: sentences by section.
"""
