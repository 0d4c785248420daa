"""Measure encoders on published tasks."""
