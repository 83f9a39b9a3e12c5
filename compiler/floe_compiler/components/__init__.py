"""The parts a platform can be made of, one module for each, found by scan."""
