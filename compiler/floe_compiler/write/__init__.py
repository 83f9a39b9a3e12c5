"""FileSet -> output/: index, plan, pruning and atomic writes. `output.py` is the way in."""
