"""Tests of chainrule: one file per module, the naive oracle, planted faults and laws."""
