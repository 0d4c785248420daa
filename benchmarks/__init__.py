"""Benchmarks of the product. Run one from the project's root: `python -m benchmarks.search.tables --help`."""
