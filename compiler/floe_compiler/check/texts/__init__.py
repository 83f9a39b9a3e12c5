"""The free text in objects, and server addresses in it."""
