"""Training: the step, the tiers, populations, events, probes."""
