"""Data: tables and images read, prepared, split, and predictions measured."""
