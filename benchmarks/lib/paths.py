"""Where benchmarks find their data."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENTS = ROOT / "data" / "documents"
"""Folder of the sample documents."""
SENSES = ROOT / "data" / "senses.tsv"
"""Gold senses of the sample documents."""
PARAPHRASES = ROOT / "data" / "paraphrases.tsv"
"""Gold sentences of the sample documents: queries with their answers."""
CORPUS = ROOT.parent / "shared" / "corpus"
"""Default folder of large texts: `shared/corpus` beside the repository."""
