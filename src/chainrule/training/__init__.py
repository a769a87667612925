"""Training: the loop around an engine, its options, stopping, callbacks, checkpoints, what it reports."""
