"""Findings: what the numbers say, in plain sentences, each with its statistics.

Comes in: tables of all stages.
Goes out: `findings.json`, and the same sentences as Markdown.
"""
