"""Hides everything that looks like a secret, even where there should be no secrets.

No stage renders a secret's value; this is a second protection, for hand-written text. It rather hides too much than too
little: the values of Secrets, values of keys with secret-like names, and `key: value` pairs and credentials in longer
texts. Names stay: those of keys, variables and Secrets. What was JSON is still JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import Any

from msgspec.structs import replace

from floe_compiler.model.assigned_secrets import without_assigned
from floe_compiler.model.credentials import LOGIN_FORM, SCHEME, SECRET_KEY, refers_to_secret, without_secrets
from floe_compiler.model.diagnostics import Diagnostic
from floe_compiler.report.secret_references import with_names, without_names

HIDDEN = "***"
SECRET_REASONS = "floe.dev/secret-variables"  # noqa: S105 - the name of an annotation
# The name of a variable, and at least four words.
_REASON = re.compile(r"\w+:(?: [\w.,;'()-]+){4,}")

_WORDS = rf"passw(?:or)?d|passphrase|pwd|pgpass|secret|token|credential|authorization|{SECRET_KEY}"
_SECRET = re.compile(_WORDS, re.IGNORECASE)
# A key that ends like this has the name, path or properties of a secret, not its value.
_REFERENCE = re.compile(
    r"(?:names?|refs?|files?|paths?|types?|modes?|kinds?|class|stores?|ur[il]|host|port|seconds|enabled|secretKey"
    r"|variables|authentication|counts?|encryption|endpoint|expiry|length|limit|policy|provider|size|stdin|ttl)$"
    # How a language model counts what it reads and writes.
    r"|(?:max(?:imum)?|min(?:imum)?|num|total)[_.-]?(?:(?:new|input|output|prompt|completion|context)[_.-]?)?tokens$"
    r"|tokens[_.-]?per[_.-]?(?:second|minute|hour|day|request)$"
    r"|tokeni[sz](?:er|ation)$"
    r"|^existing|^automount|^imagePullSecrets$|^pull_secret$",
    re.IGNORECASE,
)
# A whole word, matched without backtracking, so that long texts stay fast.
_KEY = rf"(?<![\w.-])(?=[\w.-]*(?:{_WORDS}))([\w.-]++)"
_QUOTED = r""""[^"\n]*"?|'[^'\n]*'?"""
# In a message, a value may stand within quotes of the message's own.
_ASSIGNMENT = re.compile(rf"""{_KEY}([ \t]*=[ \t]*)(\$[({{]\w+[)}}]|[^\s"',;)\]}}]*[^\s"',;:)\]}}])""", re.IGNORECASE)
# A value without quotes ends with the word after "=", as in a shell, and with the line after ":", as in YAML.
_PAIRS = (
    re.compile(rf"{_KEY}([ \t]*=>?[ \t]*)({_QUOTED}|\S+)", re.IGNORECASE),
    re.compile(rf"""{_KEY}(["']?[ \t]*:(?:[ \t]+|(?=["'])))({_QUOTED}|[^\n]+)""", re.IGNORECASE),
    # An option, and the word or list item after it.
    re.compile(rf"""(?=-){_KEY}(["']?,?[ \t]+)(?!-)({_QUOTED}|[^\s,\]]+)""", re.IGNORECASE),
)
# Within braces or brackets on one line, a value ends at the next comma or bracket.
_FLOW_PAIR = re.compile(rf"""{_KEY}(["']?[ \t]*:[ \t]+)({_QUOTED}|[^\s,{{}}\[\]"'][^,{{}}\[\]\n]*)""", re.IGNORECASE)
# A text below its key, as YAML writes it: lines that are further to the right, and empty ones.
_BLOCK = re.compile(
    rf"""(?im)^(?P<margin>[ \t]*)(?P<head>(?:-[ \t]+)?["']?(?=[\w.-]*(?:{_WORDS}))(?P<key>[\w.-]++)["']?:"""
    r"[ \t]+[|>][-+\d]*[ \t]*\n)"
    r"(?:(?P=margin)[ \t]+[^\n]*(?:\n|\Z)|[ \t]*\n)+"
)
_BLOCK_KEY = re.compile(r"(?<![\w.-])([\w.-]++)[\"']?:[ \t]+[|>][-+\d]*[ \t]*$")
_BEFORE = 2000
"""How far back a bracket is looked for, so that long lines stay fast."""
_JSON_VALUE = re.compile(r"-?\d[\d.eE+-]*")
# The parts of a mapping or list on one line, as in JSON: keys with their colon, and values.
_PARTS = re.compile(
    rf"""((?:{_QUOTED}|[\w./-]++)[ \t]*:(?![^\s"'{{\[]))|({_QUOTED}|[^\s,:{{}}\[\]"'][^,{{}}\[\]\n]*)"""
)
_STYLES: tuple[dict[str, Any], ...] = tuple(
    {"indent": indent, "separators": separators, "ensure_ascii": ascii_only}
    for ascii_only in (True, False)
    for indent, separators in ((None, (", ", ": ")), (None, (",", ":")), (2, (",", ": ")), (4, (",", ": ")))
)
"""How JSON is usually written, the compiler's own way among them."""
_PLACEHOLDER = re.compile(
    r"(?:basic |bearer )?(?:\$\{\w+\}|\$\(\w+\)|\$\w+|<[^>]*>|\{\{[^}]*\}\}|\*+)"
    r"|true|false|yes|no|on|off|null|none|~|",
    re.IGNORECASE,
)
_LOGIN = re.compile(r"(://[^\s:/@]*):[^\s/@]+@")
_USER_AND_PASSWORD = re.compile(LOGIN_FORM)
_SCHEME = re.compile(rf"{SCHEME}\S{{6,}}", re.IGNORECASE)


def is_secret_key(key: str) -> bool:
    """Return whether the name of a key suggests that its value is a secret, not a reference to a secret."""
    return bool(_SECRET.search(key)) and not _REFERENCE.search(key)


@lru_cache(maxsize=4096)  # before and after a change, and in several environments, most texts are the same
def hide_in_text(text: str) -> str:
    """Return the text with apparent secret values replaced; placeholders such as `${TOKEN}` are kept."""
    document = _json(text)
    if document is not None:
        hidden = hide(document)
        return text if hidden == document else json.dumps(hidden, **_style(text, document)) + _end(text)
    text, names = without_names(text)
    return with_names(_hide_unnamed(text), names)


def hide_in_line(line: str, before: str, after: str) -> str:
    """Return a line with apparent secret values replaced; the lines around it tell which are names of Secrets."""
    lines, names = without_names("\n".join((before, line, after)))
    return with_names(hide_in_text(lines.split("\n")[1]), names)


def _hide_unnamed(text: str) -> str:
    text = without_secrets(text, HIDDEN)  # before pairs, as only the first line of a pair's value is matched
    if any(map(_begins_block, text.split("\n")[:-1])):
        text = _BLOCK.sub(_hide_block, text)
    text = without_assigned(_by_line(_hide_pairs, text), HIDDEN, _REFERENCE.search)
    return _by_line(_hide_logins, text)


@lru_cache(maxsize=8192)  # most lines of a text are as they were before an edit, or in another text
def _begins_block(line: str) -> bool:
    """Return whether a line has the key of a secret whose text stands below it."""
    return any(map(is_secret_key, _BLOCK_KEY.findall(line)))


def _by_line(hide: Callable[[str], str], text: str) -> str:
    """Return a text with something hidden that is never in two lines: most lines have been looked at before."""
    return "\n".join(map(hide, text.split("\n")))


@lru_cache(maxsize=8192)
def _hide_pairs(line: str) -> str:
    line = _FLOW_PAIR.sub(lambda match: _hide_pair(match) if _in_brackets(match) else match[0], line)
    for pair in _PAIRS:
        line = pair.sub(_hide_pair, line)
    return line


def hide_in_diagnostic(diagnostic: Diagnostic) -> Diagnostic:
    """Return the diagnostic with credentials hidden in all that it says.

    Its words are the compiler's own, so unlike those of a file they may say what is wrong with `secret: ...`.
    """
    related = tuple(replace(place, note=hide_in_message(place.note)) for place in diagnostic.related)
    message, hint, subject = map(hide_in_message, (diagnostic.message, diagnostic.hint, diagnostic.subject))
    return replace(diagnostic, message=message, hint=hint, subject=subject, related=related)


def hide_in_message(text: str) -> str:
    """Return a text of the compiler's own with credentials hidden."""
    return _hide_logins(_ASSIGNMENT.sub(_hide_pair, without_secrets(text, HIDDEN)))


@lru_cache(maxsize=8192)
def _hide_logins(text: str) -> str:
    text = _LOGIN.sub(rf"\1:{HIDDEN}@", text)
    text = _USER_AND_PASSWORD.sub(rf"\g<user>:{HIDDEN}@", text)
    return _SCHEME.sub(rf"\1 {HIDDEN}", text)


def hide(value: Any, keys: tuple[str, ...] = ()) -> Any:
    """Return plain data with secrets hidden, at any depth.

    Args:
        value: the data.
        keys: the keys that lead to it, such as `("spec", "env", "[DB_PASSWORD]", "value")`.
    """
    if isinstance(value, dict):
        # The name of an environment variable is next to its value.
        name = (str(value["name"]),) if "value" in value and "name" in value else ()
        named = ("secret", "key") if refers_to_secret(value) else ()
        return {
            _hide_in_key(key): hide(item, () if key in named else (*keys, *name, str(key)))
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [
            _hide_value(item) if _is_value_of(option, item) else hide(item, keys)
            for option, item in zip([None, *value], value, strict=False)
        ]
    if isinstance(value, str):
        return HIDDEN if _leads_to_secret(keys) else hide_in_text(value)
    return HIDDEN if _leads_to_secret(keys) and not isinstance(value, bool) and value is not None else value


@lru_cache(maxsize=4096)  # the same few keys are in every object
def _hide_in_key(key: Any) -> Any:
    return without_secrets(key, HIDDEN) if isinstance(key, str) else key


def _is_value_of(option: Any, item: Any) -> bool:
    """Return whether an item of a command is the secret that the option before it takes (`--password`)."""
    words = isinstance(option, str) and isinstance(item, str)
    return bool(words and item and option.startswith("-") and not item.startswith("-") and is_secret_key(option))


def hide_object(value: Any, kind: str, keys: tuple[str, ...]) -> Any:
    """Return a value in an object of this kind with secrets hidden; in a Secret, all data is secret.

    What an annotation says of variables, a line each, is not theirs if it is a sentence.
    """
    if keys and keys[-1] == SECRET_REASONS and isinstance(value, str):
        return "\n".join(
            without_secrets(line, HIDDEN) if _REASON.fullmatch(line) else hide_in_text(line)
            for line in value.split("\n")
        )
    if kind == "Secret" and keys and keys[0] in ("data", "stringData"):
        return dict.fromkeys(value, HIDDEN) if isinstance(value, dict) else HIDDEN
    return hide(value, keys)


def _hide_pair(match: re.Match[str]) -> str:
    key, between, value = match.groups()
    if value[0] in "{[":
        return f"{key}{between}{_hide_structure(value, everything=not _REFERENCE.search(key))}"
    if _REFERENCE.search(key) or (match.re is _PAIRS[1] and value[0] not in "\"'" and _in_brackets(match)):
        return match[0]  # in brackets, it has been hidden above
    return key + between + _hide_value(value, json_key=between.startswith('"'))


def _hide_block(match: re.Match[str]) -> str:
    if _REFERENCE.search(match["key"]):
        return match[0]
    return f"{match['margin']}{match['head']}{match['margin']}  {HIDDEN}{_end(match[0])}"


def _in_brackets(match: re.Match[str]) -> bool:
    """Return whether a bracket is open before the match on its line."""
    before = match.string[max(match.start() - _BEFORE, match.string.rfind("\n", 0, match.start()) + 1) : match.start()]
    return sum(map(before.count, "{[")) > sum(map(before.count, "}]"))


def _hide_value(value: str, *, json_key: bool = False) -> str:
    """Return a hidden value in the quotes that it had; a placeholder stays."""
    if _PLACEHOLDER.fullmatch(value.strip("\"'")):
        return value
    number = _JSON_VALUE.match(value) if json_key else None
    if number and value[number.end() :] in ("", ","):
        return f'"{HIDDEN}"{value[number.end() :]}'
    quote = value[0] if value[0] in "\"'" else ""
    return f"{quote}{HIDDEN}{quote}"


def _hide_structure(text: str, *, everything: bool) -> str:
    """Return a mapping or list on one line with its values hidden: all but references, or only those of secret keys."""
    key, quoted = "", False

    def hidden(match: re.Match[str]) -> str:
        nonlocal key, quoted
        if match[1]:
            quoted = match[1].startswith('"')
            key = match[1].rstrip(": \t").strip("\"'")
            return match[1]
        refers = bool(key) and bool(_REFERENCE.search(key)) if everything else not is_secret_key(key)
        return match[0] if refers else _hide_value(match[2].rstrip(), json_key=quoted) + _end(match[2])

    return _PARTS.sub(hidden, text)


def _json(text: str) -> Any:
    """Return the mapping or list in a text; None if the text is not JSON."""
    if text[:1] in ("{", "["):
        with suppress(ValueError, RecursionError):
            return json.loads(text)
    return None


def _style(text: str, document: Any) -> dict[str, Any]:
    """Return how a document was written, so that two versions of it differ only where they did."""
    return next((style for style in _STYLES if json.dumps(document, **style) == text.rstrip()), _STYLES[2])


def _end(text: str) -> str:
    return text[len(text.rstrip()) :]


def _leads_to_secret(keys: tuple[str, ...]) -> bool:
    last = keys[-1].strip("[]") if keys else ""
    if last == "value" and len(keys) > 1:
        last = keys[-2].strip("[]")
    return is_secret_key(last)
