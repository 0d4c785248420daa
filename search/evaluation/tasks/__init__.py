"""Score encoders on published tasks."""
