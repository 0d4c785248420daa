"""Find occurrences and sentences by score."""
