"""Benchmarks of the product. Run them from the project's root. Each one explains itself with `--help`.

    python -m benchmarks.encode.speed                speed and accuracy of the encoder, cost of indexing, cold start
    python -m benchmarks.search.tables               latency, recall, memory, disk space: 2 and 10 million occurrences
    python -m benchmarks.search.latency              latency of every kind of search on any collection
    python -m benchmarks.search.scale                growth of all costs with the size of a collection
    python -m benchmarks.quality.tasks               a model on published tasks
    python -m benchmarks.quality.sample              same-sense retrieval on the sample collection
    python -m benchmarks.quality.semcor              SemCor as a collection: cost, latency, same-sense retrieval
    python -m benchmarks.quality.senses              induced senses and confidences against gold senses
    python -m benchmarks.quality.explanation         deletion tests of explanations
    python -m benchmarks.quality.segmentation        sentence splitter and tokeniser against other libraries
    python -m benchmarks.experiments.any_word_weight weight of a word's identity in search for any word
    python -m benchmarks.training.prepare_text       the training text of the bundled model
    python -m benchmarks.training.speed              speed of training

`docs/results/` has the tables. Benchmarks of decided questions were deleted. Their tables name the commit that printed
them.
"""
