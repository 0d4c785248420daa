"""Read and write model files: our folders, AllenNLP pairs, sense spaces and cards."""
