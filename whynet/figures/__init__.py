"""Figures: one function, one picture. Every function returns a matplotlib `Figure` and touches no global state."""

from whynet.figures.attention import attention
from whynet.figures.boundary import decision_boundary
from whynet.figures.boxes import boxes
from whynet.figures.by_depth import by_depth
from whynet.figures.class_counts import class_counts
from whynet.figures.confusion import confusion
from whynet.figures.curves import curves
from whynet.figures.embedding import embedding
from whynet.figures.evidence import evidence
from whynet.figures.feature_maps import feature_maps
from whynet.figures.features import correlation, distribution
from whynet.figures.filters import filters
from whynet.figures.graph import graph
from whynet.figures.heat import heat
from whynet.figures.look import look
from whynet.figures.masks import masks
from whynet.figures.path import path_2d
from whynet.figures.pictures import images, worst
from whynet.figures.relation import relation
from whynet.figures.roc import roc
from whynet.figures.save import save, svg
from whynet.figures.schedule import schedule
from whynet.figures.style import theme, use_theme
from whynet.figures.trial import Level, trial
from whynet.figures.weights import weights

__all__ = [
    "Level", "attention", "boxes", "by_depth", "class_counts", "confusion", "correlation", "curves", "decision_boundary",
    "distribution", "embedding", "evidence", "feature_maps", "filters", "graph", "heat", "images", "look", "masks", "path_2d",
    "relation", "roc", "save", "schedule", "svg", "theme", "trial", "use_theme", "weights", "worst",
]  # fmt: skip
