"""Frozen data and pure text that every stage shares; imports no other part of the compiler."""
