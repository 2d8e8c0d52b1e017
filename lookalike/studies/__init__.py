"""Studies: experiments next to the main flow, each switched on by its name in the config.

Comes in: whatever the workflow has made.
Goes out: one table for every study.
"""
