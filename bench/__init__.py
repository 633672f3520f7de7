"""Benchmarks: ``make bench``. Each prints a table and compares with a peer measured in the same run."""
