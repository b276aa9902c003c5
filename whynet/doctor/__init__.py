"""The doctor: examine, suspect, try, diagnose. It trains nothing by itself: its trials are comparisons."""
