"""How fast whynet is, against the plain way of doing the same; nothing here is imported by the package."""
