"""Real training programs with known faults, ported one by one, and what the doctor says of each."""
