"""Control runs that only some causes need; each is done when first asked for, and says what it costs."""
