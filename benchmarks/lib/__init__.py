"""Parts that benchmarks share: fresh processes, stopwatches, a large corpus, stored vectors, same-sense retrieval."""
