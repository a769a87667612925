"""The options of each command, with its help. Nothing here takes long to load, so that help comes at once."""
