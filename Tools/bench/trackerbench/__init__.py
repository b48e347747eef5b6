"""Measures TrackerState beside its peers on real per-instance histories."""
