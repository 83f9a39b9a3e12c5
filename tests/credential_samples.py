"""Made-up credentials of every form that the compiler knows, and of those that only their key tells."""

from __future__ import annotations

import random
import re
import string
from collections.abc import Iterator
from typing import Any

from floe_compiler.model.credential_forms import DOCUMENTED, Form, published

_PARSER: Any = re._parser  # type: ignore[attr-defined]
_WORD = string.ascii_letters + string.digits


def sample(form: Form) -> str:
    """Return a text that a form matches; always the same."""
    chance = random.Random(form.pattern)
    for _ in range(200):
        text = "".join(_matching(_PARSER.parse(form.pattern), chance))
        if any(form.find(text)) and any(word in text.lower() for word in form.words):
            return text
        # Some words only stand beside the credential.
        if any(form.find(f"{form.words[0]}: {text}")):
            return f"{form.words[0]}: {text}"
    raise AssertionError(f"no sample of {form.kind}")


def samples() -> list[tuple[str, str]]:
    """Return a sample of each form with its kind."""
    return [(form.kind, sample(form)) for form in (*DOCUMENTED, *published())]


def random_text(length: int, characters: str = _WORD) -> str:
    """Return a text that looks random; always the same."""
    chance = random.Random(length)
    return "".join(chance.choice(characters) for _ in range(length))


def _matching(parsed: Any, chance: random.Random) -> Iterator[str]:
    for operator, argument in parsed:
        match str(operator):
            case "LITERAL":
                yield chr(argument)
            case "IN":
                yield chance.choice(_members(argument))
            case "ANY" | "NOT_LITERAL":
                yield chance.choice(_WORD)
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                least, most, below = argument
                for _ in range(chance.randint(least, min(int(most), least + 40))):
                    yield from _matching(below, chance)
            case "SUBPATTERN":
                yield from _matching(argument[-1], chance)
            case "BRANCH":
                yield from _matching(chance.choice(argument[1]), chance)
            case _:  # what is looked at, but not taken
                pass


def _members(choices: Any) -> str:
    characters = ""
    for operator, argument in choices:
        match str(operator):
            case "LITERAL":
                characters += chr(argument)
            case "RANGE":
                characters += "".join(map(chr, range(argument[0], argument[1] + 1)))
            case "CATEGORY":
                characters += string.digits if "DIGIT" in str(argument) else _WORD if "WORD" in str(argument) else ""
            case _:
                return _WORD
    return characters
