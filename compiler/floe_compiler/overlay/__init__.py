"""ObjectSet -> ObjectSet: base/ and overlays/<environment>/ applied by kustomize."""
