"""The files that a new mesh begins with, and those of each part that is added later: pure text from a few answers."""
