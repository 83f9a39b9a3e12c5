"""ObjectSet -> files: names, index, pruning and atomic writes."""
