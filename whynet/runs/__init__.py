"""The store: what was trained, kept so that nothing is lost whatever moment the process is killed."""
