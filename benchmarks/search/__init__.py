"""Measure latency, recall, memory and disk space of search."""
