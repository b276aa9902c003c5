"""Scatter: the relation of two features, by class or with a trend."""

from __future__ import annotations

from whynet.figures.relation import relation

__all__ = ["relation"]
