"""Files of ours: models and checkpoints with a checksum, written whole; JSON texts."""
