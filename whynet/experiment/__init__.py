"""Controlled comparisons: factors, arms, pairing, statistics, verdicts."""
