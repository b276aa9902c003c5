"""Reports: one self-contained HTML file from any result, in both languages, for screen, phone and paper."""

from whynet.report.blocks import Block, Code, Note, Paragraph, Picture, Report, Section, Table
from whynet.report.write import html, write

__all__ = ["Block", "Code", "Note", "Paragraph", "Picture", "Report", "Section", "Table", "html", "write"]
