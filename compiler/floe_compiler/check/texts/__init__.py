"""The free text in objects, and the server addresses in it."""
