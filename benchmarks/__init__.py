"""Benchmarks of the product. Run them from the project's root. Each one explains itself with `--help`.

    python -m benchmarks.encode.speed                speed and accuracy of the encoder, cost of indexing, cold start
    python -m benchmarks.encode.sentence_vectors     cost of sentence vectors: CPU time of encoding, bytes
    python -m benchmarks.encode.tagging              cost of parts of speech: CPU time of encoding and of lemmas
    python -m benchmarks.search.tables               latency, recall, memory, disk space: 2 and 10 million occurrences
    python -m benchmarks.search.latency              latency of every kind of search on any collection
    python -m benchmarks.search.word_meetings        latency of the order by words, stage by stage
    python -m benchmarks.search.patterns             bytes of stored tokens, times of patterns over them
    python -m benchmarks.search.scale                growth of all costs with the size of a collection
    python -m benchmarks.page.speed                  the page in a browser, and CPU time of its server
    python -m benchmarks.quality.tasks               a model on published tasks
    python -m benchmarks.quality.sample              same-sense retrieval on the sample collection
    python -m benchmarks.quality.semcor              SemCor as a collection: cost, latency, same-sense retrieval
    python -m benchmarks.quality.senses              induced senses and confidences against gold senses
    python -m benchmarks.quality.dictionary          senses of a dictionary, and senses that it lacks
    python -m benchmarks.quality.late_interaction    order by words beside keywords and sentence vectors
    python -m benchmarks.quality.word_table          vectors of words alone, for search for any word
    python -m benchmarks.quality.explanation         deletion tests of explanations
    python -m benchmarks.quality.sentences           search by sentence, in every order, on published sets
    python -m benchmarks.quality.keyword_forms       keywords as written, their stems and their lemmas
    python -m benchmarks.quality.sentence_models     sentences and words beside a sentence transformer
    python -m benchmarks.quality.sentence_confidence curves of the confidence of sentences
    python -m benchmarks.quality.segmentation        sentence splitter and tokeniser against other libraries
    python -m benchmarks.quality.cutting             sentences and tokens against treebanks
    python -m benchmarks.quality.tagging             parts of speech in several spellings against a treebank
    python -m benchmarks.quality.articles            the article of web pages against other libraries
    python -m benchmarks.quality.encodings           detection of old encodings against other libraries
    python -m benchmarks.experiments.any_word_weight weight of a word's identity in search for any word
    python -m benchmarks.training.prepare_text       the training text of the bundled model
    python -m benchmarks.training.sentence_text      sentences that differ in small ways, to fit a sentence space
    python -m benchmarks.training.speed              speed of training

`docs/results/` has the tables. Benchmarks of decided questions were deleted. Their tables name the commit that printed
them.
"""
