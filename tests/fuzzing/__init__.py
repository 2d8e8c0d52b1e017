"""A fuzz of what people bring: files of every kind, valid ones with the values that were put in,
and damaged or strange ones. An input is a dict from names of files to their content.
"""
