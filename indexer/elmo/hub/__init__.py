"""Read, run and export TF-Hub modules."""
