"""The report: one self-contained HTML page.

Comes in: findings, tables and figures.
Goes out: `report.html`.
"""
