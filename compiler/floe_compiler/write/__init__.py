"""Writes the compiled files to output/: index, plan, pruning and atomic writes. Start with `output.py`."""
