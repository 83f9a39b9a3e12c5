"""Rules about secrets in the output, which is committed."""
