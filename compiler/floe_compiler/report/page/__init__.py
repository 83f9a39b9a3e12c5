"""A report on one page of HTML: what changes and why, and what the platform is made of."""
