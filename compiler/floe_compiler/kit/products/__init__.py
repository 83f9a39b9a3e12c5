"""Data products as pods: their steps, with variables, secrets and servers."""
