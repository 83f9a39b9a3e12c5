"""Helm charts among the inputs: vendored, rendered by helm, and held to the limits of whoever runs them."""
