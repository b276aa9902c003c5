"""Programs that whoever works on the doctor has not seen: one a file, named after its id; each holds a ``case``."""
