"""ObjectSet -> diagnostics: one module for each rule about the rendered objects."""
