"""Hides everything that looks like a secret, even where there should be no secrets.

No stage renders a secret's value; this is a second protection, for hand-written text. It rather hides too much than too
little: the values of Secrets, values of keys with secret-like names, and `key: value` pairs and credentials in longer
texts.
"""

from __future__ import annotations

import re
from typing import Any

from msgspec.structs import replace

from floe_compiler.model.credentials import LOGIN_FORM, SCHEME, SECRET_KEY, without_secrets
from floe_compiler.model.diagnostics import Diagnostic

HIDDEN = "***"

_WORDS = rf"passw(?:or)?d|passphrase|pwd|pgpass|secret|token|credential|authorization|{SECRET_KEY}"
_SECRET = re.compile(_WORDS, re.IGNORECASE)
# A key that ends like this has the name, path or properties of a secret, not its value.
_REFERENCE = re.compile(
    r"(?:names?|refs?|files?|paths?|types?|modes?|kinds?|class|stores?|ur[il]|host|port|seconds|enabled|secretKey)$"
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
    re.compile(rf"{_KEY}([ \t]*=[ \t]*)({_QUOTED}|\S+)", re.IGNORECASE),
    re.compile(rf"""{_KEY}(["']?[ \t]*:(?:[ \t]+|(?=["'])))({_QUOTED}|[^\n]+)""", re.IGNORECASE),
    # An option, and the word or list item after it.
    re.compile(rf"""(?=-){_KEY}(["']?,?[ \t]+)(?!-)({_QUOTED}|[^\s,\]]+)""", re.IGNORECASE),
)
# References to a secret, not values: `{name: db-login}`, `{type: generated}`.
_REFERRING = re.compile(r"\{\s*[\"']?(?:type|name|kind)[\"']?\s*:", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"(?:basic |bearer )?(?:\$\{\w+\}|\$\(\w+\)|\$\w+|<[^>]*>|\{\{[^}]*\}\}|\*+)", re.IGNORECASE)
_LOGIN = re.compile(r"(://[^\s:/@]*):[^\s/@]+@")
_USER_AND_PASSWORD = re.compile(LOGIN_FORM)
_SCHEME = re.compile(rf"{SCHEME}\S{{6,}}", re.IGNORECASE)


def is_secret_key(key: str) -> bool:
    """Return whether the name of a key suggests that its value is a secret, not a reference to a secret."""
    return bool(_SECRET.search(key)) and not _REFERENCE.search(key)


def hide_in_text(text: str) -> str:
    """Return the text with apparent secret values replaced; placeholders such as `${TOKEN}` are kept."""
    text = without_secrets(text, HIDDEN)  # before pairs, as only the first line of a pair's value is matched
    for pair in _PAIRS:
        text = pair.sub(_hide_pair, text)
    return _hide_logins(text)


def hide_in_diagnostic(diagnostic: Diagnostic) -> Diagnostic:
    """Return the diagnostic with credentials hidden in all that it says.

    Its words are the compiler's own, so unlike those of a file they may say what is wrong with `secret: ...`.
    """
    related = tuple(replace(one, note=_hide_in_message(one.note)) for one in diagnostic.related)
    message, hint, subject = map(_hide_in_message, (diagnostic.message, diagnostic.hint, diagnostic.subject))
    return replace(diagnostic, message=message, hint=hint, subject=subject, related=related)


def _hide_in_message(text: str) -> str:
    return _hide_logins(_ASSIGNMENT.sub(_hide_pair, without_secrets(text, HIDDEN)))


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
        return {key: hide(item, (*keys, *name, key)) for key, item in value.items()}
    if isinstance(value, list):
        return [hide(item, keys) for item in value]
    if isinstance(value, str):
        return HIDDEN if _leads_to_secret(keys) else hide_in_text(value)
    return HIDDEN if _leads_to_secret(keys) and not isinstance(value, bool) and value is not None else value


def hide_object(value: Any, kind: str, keys: tuple[str, ...]) -> Any:
    """Return a value in an object of this kind with secrets hidden; in a Secret, all data is secret."""
    if kind == "Secret" and keys and keys[0] in ("data", "stringData"):
        return dict.fromkeys(value, HIDDEN) if isinstance(value, dict) else HIDDEN
    return hide(value, keys)


def _hide_pair(match: re.Match[str]) -> str:
    key, between, value = match.groups()
    if _REFERRING.match(value):
        return f"{key}{between}{hide_in_text(value)}"
    keep = _REFERENCE.search(key) or _PLACEHOLDER.fullmatch(value.strip("\"'"))
    return match[0] if keep else f"{key}{between}{HIDDEN}"


def _leads_to_secret(keys: tuple[str, ...]) -> bool:
    last = keys[-1].strip("[]") if keys else ""
    if last == "value" and len(keys) > 1:
        last = keys[-2].strip("[]")
    return is_secret_key(last)
