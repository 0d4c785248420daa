"""Find the occurrences and sentences that answer a query, best first."""
