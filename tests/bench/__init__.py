"""How long compiling a large mesh takes and how much memory, measured by `make bench`; no test depends on a time."""
