"""Rules about secrets in what is committed."""
