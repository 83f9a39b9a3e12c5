"""Data products as pods: their steps, and the variables, secrets and servers of these."""
