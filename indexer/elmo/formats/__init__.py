"""Read and write model files: model folders, AllenNLP pairs, sense spaces and model cards."""
