"""Chart kinds over a table: bars, lines, facets, colours and remarks; each a plain typed function."""

from whynet.figures.charts import bars, colours, facets, lines, remarks, scatter

__all__ = ["bars", "colours", "facets", "lines", "remarks", "scatter"]
