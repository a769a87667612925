"""The fuzzer of the readers: `tools/fuzz`."""
