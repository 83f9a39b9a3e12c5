"""Publishes an output as an OCI artifact: its bytes (`artifact.py`), and how they get there (`registry.py`)."""
