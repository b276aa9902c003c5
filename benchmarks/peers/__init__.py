"""whynet against the tools one would otherwise train small networks with; `python -m benchmarks.peers` prints one table.

The peers live in an environment of their own (`environment`), each in a script of its own (`scripts/`) that takes steps on request.
"""
