"""How many examples property tests try in the gate; `make thorough` tries many more."""

from __future__ import annotations

from hypothesis import settings

FEW = settings(max_examples=settings().max_examples * 2 // 5)
"""A test has it as a decorator where an example takes milliseconds, and these find what more would."""
