"""What more than one cause asks of an examination, worked out once."""
