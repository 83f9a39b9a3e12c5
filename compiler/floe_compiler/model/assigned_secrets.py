"""Literal values of secrets in texts, such as `password: literal`."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from floe_compiler.model.comments import without_comments
from floe_compiler.model.credentials import is_random_secret, names_secret, secret_in, stands_for_itself
from floe_compiler.model.keyword_patterns import KeywordPattern

_NAME = r"_{0,2}[A-Za-z][\w.-]*"
_KEY = rf"""(?:\\[nrt]|(?<![\w.\\-])-*)(?P<key>{_NAME})["']?"""
_VALUE = r"""(?P<quote>["']?)(?P<value>[^\s"',;)}\]]+)"""
_SHORT_VALUE = _VALUE.replace("+)", "{1,256})")
# What may follow a value that ends its line or item: prose has another word there.
_END = r"""(?=["']?[ \t]*(?:$|[,;)}\]#]|\\n))"""
_BLOCK = r"[|>][+-]?\d?[ \t]*\n[ \t]*"
_COLON = r"""\b{}["']?[ \t]*:[ \t]*"""
_SETTER = r"\.(?:conf|config|option|put|set|setProperty)"
_MACHINE = r"\b(?:machine\s+\S{1,200}|default)\s+(?:login\s+\S{1,200}\s+)?"


def _patterns(forms: Iterable[tuple[str, str]]) -> tuple[KeywordPattern, ...]:
    return tuple(KeywordPattern(form, tuple(words.split()), re.MULTILINE) for words, form in forms)


_ON_ONE_LINE = _patterns(
    (
        # Of a shell: another word may follow, or another name, as in `--set=password=...`.
        ("=", rf"{_KEY}=(?=[ \t]*{_SHORT_VALUE})"),
        # Of a program: `a["b"] = "c"`; without quotes, `c` is a variable.
        ("[\" ['", rf"""\[["'](?P<key>{_NAME})["']\][ \t]*=[ \t]*(?P<quote>["'])(?P<value>[^\s"']+)["']"""),
        # An option and the next word, unless that stands for any (`--password PASSWORD`).
        ("-", rf"(?<![\w-])(?P<key>--?{_NAME})[ \t]+(?!-|[A-Z_]+\b){_VALUE}(?:{_END}|(?=[\"']?[ \t]+[-|&\\]))"),
        ("</", rf"<(?P<key>{_NAME})>(?P<quote>)(?P<value>[^\s<>]+)</(?P=key)>"),
        # SQL, whose words are in capitals.
        ("'", r"(?<![\w.:-])(?P<key>[A-Z][A-Z_]+(?: BY)?)[ \t]+(?P<quote>')(?P<value>[^\s']+)'"),
        # Redis, Keepalived and LDAP.
        (
            "requirepass masterauth auth bind rootpw",
            rf"^[ \t]*(?P<key>requirepass|masterauth|auth[_-]pass|bind_?pw|rootpw)[ \t]+{_VALUE}{_END}",
        ),
        # HAProxy, MongoDB's and other files with a name and a quoted text on a line.
        ("' \"", rf"^[ \t]*(?P<key>{_NAME})[ \t]+(?P<quote>[\"'])(?P<value>[^\s\"']+)[\"'][ \t]*;?$"),
        # `aws configure set`, `npm config set`.
        (
            "config",
            rf"\bconfig(?:ure)?[ \t]+set[ \t]+(?:\S{{0,200}}[:.])?(?P<key>{_NAME})[ \t]+{_VALUE}(?=[\"']?(?:\s|$))",
        ),
    )
)
_ON_SEVERAL_LINES = _patterns(
    (
        # Of a configuration file or program: `a: b`, `a = b`, `a := b`, `a => b`.
        (
            "= :",
            rf"{_KEY}[ \t]*(?:[ \t]=[ \t]*|(?::=|=>)[ \t]*|:[ \t]+(?:{_BLOCK})?|:(?=[\"'])){_VALUE}{_END}",
        ),
        # An item with a name and a value: a variable of a container, or a property in XML.
        (
            "name",
            (
                rf"{_COLON.format('name')}[\"']?(?P<key>{_NAME})[\"']?,?\s{{1,200}}"
                rf"[\"']?{_COLON.format('value')}{_VALUE}{_END}"
            ),
        ),
        ("<name>", rf"<name>(?P<key>{_NAME})</name>\s{{0,200}}<value>(?P<quote>)(?P<value>[^\s<>]+)</value>"),
        # SQL in any case; a role has no other text after `password`.
        (
            "password",
            (
                r"(?i:\b(?:create|alter)\s+(?:role|user)\b[^;'\n]{1,200}?)"
                r"\b(?P<key>password)\s+(?P<quote>')(?P<value>[^\s']+)'"
            ),
        ),
        # What sets a property of Java or Spark.
        (
            ".conf .option .put .set",
            rf"{_SETTER}\(\s*[\"'](?P<key>{_NAME})[\"'],\s*(?P<quote>[\"'])(?P<value>[^\s\"']+)[\"']\s*\)",
        ),
        # .netrc.
        ("machine default", rf"{_MACHINE}(?P<key>password)\s+{_VALUE}(?=[\"']?(?:\s|$|\\n))"),
    )
)
# A line in or after which a match of these may go on in the next one; rather too many lines than too few.
_GOES_ON = re.compile(
    rf"""(?i)(?:[|>][+-]?\d?|\bname["']?[ \t]*:[ \t]*["']?{_NAME}["']?,?|</name>|[(,])\s*$"""
    r"|\b(?:create|alter|machine|default|login|password)\b"
)
# As a text without any of these gives no secret a value, the other patterns need not look at it.
_MAY_NAME_SECRET = re.compile(r"(?i)auth|connection|cred|identified|key|pass|pw|salt|secret|session|signature|token")
_NAMED = re.compile(r"""(?<![\w.-])-*([A-Za-z][\w.-]*)["']?\s*[=:]""")
# Alone, these words usually name a secret.
_REFERENCES = frozenset({"credential", "credentials", "secret"})
_CODE = re.compile(r"[(\[]|^[A-Za-z_]\w*(?:\.\w+)+$")


def assigned_secrets(text: str, known: Collection[str]) -> Iterator[tuple[str, int]]:
    """Return the name and line of each secret that a text gives a literal value.

    Args:
        text: A configuration file, script or argument.
        known: Names of Secrets and their keys: a value that is one of them is a reference.
    """
    return ((key, line) for key, value, line in _assignments(text) if is_literal(value, known))


def may_show_secret(text: str) -> bool:
    """Return whether a text may give a secret's value away, as `password=...` does; rather too often than not."""
    named = any(names_secret(name) for name in _NAMED.findall(text))
    return named or bool(secret_in(text)) or any(assigned_secrets(text, ()))


def without_assigned(text: str, instead: str, is_reference: Callable[[str], object]) -> str:
    """Return a text with each literal value that it gives to a secret replaced, also those in comments.

    Args:
        text: A configuration file, script or argument.
        instead: What stands in the place of each value.
        is_reference: Whether a key of this name only refers to a secret.
    """
    literals = (match for match in _matches(text) if is_literal(match.value, ()) and not is_reference(match.key))
    parts, end = [], 0
    for start, stop in sorted((match.value_start, match.value_end) for match in literals):
        if start >= end:
            parts += [text[end:start], instead]
        end = max(end, stop)
    return "".join((*parts, text[end:]))


def is_literal(value: str, known: Collection[str]) -> bool:
    """Return whether a value is literal: not a variable, path, empty word, or name of a known secret."""
    is_variable = value.isupper() and names_secret(value)
    return stands_for_itself(value) and value not in known and not is_variable


@lru_cache(maxsize=16384)  # the same scripts, settings and variables are in every domain's objects
def _assignments(text: str) -> tuple[tuple[str, str, int], ...]:
    """Return name, value and line of each secret that a text gives a value, other than in its comments."""
    text = without_comments(text)
    ends = [match.start() for match in re.finditer("\n", text)]
    assignments = ((match.key, match.value, bisect_left(ends, match.start) + 1) for match in _matches(text))
    return tuple(dict.fromkeys(assignments))


class _Match(NamedTuple):
    """A match of a pattern: the key and the value, and where they are."""

    key: str
    value: str
    start: int
    value_start: int
    value_end: int

    def after(self, offset: int) -> _Match:
        """Return the match of a line in a text, in which the line begins at `offset`."""
        starts = (self.start + offset, self.value_start + offset, self.value_end + offset)
        return _Match(self.key, self.value, *starts)


def _matches(text: str) -> list[_Match]:
    """Return what gives a secret a value, by place."""
    lines = text.split("\n")
    if not any(map(_may_name_secret, lines)):
        return []
    matches: list[_Match] = []
    offset = 0
    for part in _parts(lines):
        if in_part := _in_part(part):
            matches += [match.after(offset) for match in in_part]
        offset += len(part) + 1
    return sorted(matches, key=lambda match: (match.value_start, match.start))


@lru_cache(maxsize=16384)  # most lines of a text are as they were before an edit, or in another text
def _may_name_secret(line: str) -> bool:
    return bool(_MAY_NAME_SECRET.search(line))


def _parts(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines of a text, but several together if a match may begin in one and end in another."""
    begun: list[str] = []
    for line in lines:
        if _goes_on(line) or (begun and not line.strip()):
            begun.append(line)
        elif begun:
            yield "\n".join((*begun, line))
            begun = []
        else:
            yield line
    if begun:
        yield "\n".join(begun)


@lru_cache(maxsize=16384)
def _goes_on(line: str) -> bool:
    return bool(_GOES_ON.search(line))


@lru_cache(maxsize=16384)
def _in_part(part: str) -> tuple[_Match, ...]:
    matches, offset = [*_by_pattern(_ON_SEVERAL_LINES, part)], 0
    for line in part.split("\n"):
        matches += [match.after(offset) for match in _by_pattern(_ON_ONE_LINE, line)]
        offset += len(line) + 1
    return tuple(matches)


def _by_pattern(patterns: Iterable[KeywordPattern], text: str) -> Iterator[_Match]:
    for pattern in patterns:
        for match in pattern.finditer(text):
            if _gives_secret(match["key"], match["value"]) and not _is_code(match):
                yield _Match(match["key"], match["value"], match.start("key"), *match.span("value"))


@lru_cache(maxsize=4096)
def _gives_secret(key: str, value: str) -> bool:
    return (names_secret(key) and key.lower() not in _REFERENCES) or is_random_secret(key, value)


def _is_code(match: re.Match[str]) -> bool:
    return not match["quote"] and bool(_CODE.search(match["value"]) or match["value"] == match["key"])
