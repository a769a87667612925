"""`tools/same_bits`: a spread of runs, hashed in the environments of two commits, and compared."""
