"""What a credential looks like: keeps secret values out of inputs, output, differences and messages."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Collection
from functools import lru_cache
from itertools import chain

from floe_compiler.model.credential_forms import credentials_in, looks_random
from floe_compiler.model.document import DataPath
from floe_compiler.model.login_forms import logins_in

PASSWORD_IN_URL = "a password in a URL"  # noqa: S105 - what it is called
LOGIN = "a user and a password before a host"
HTTP_CREDENTIAL = "the credential of an HTTP header"

SECRET_KEY = r"(?:access|api|encryption|fernet|master|private|secret|signing)[_.-]?key"  # noqa: S105 - names
"""Keys that are secret; others, such as `PARTITION_KEY`, are identifiers."""

SCHEME = r"\b(basic|bearer)[ \t]+(?![$<{])"
"""What stands before the credential in a header `Authorization`."""

# What may follow the word for a secret: how its value is written, or its number.
_WRITTEN = r"(?:[_.-]?(?:base64|b64|pem|plain(?:text)?|value|\d+))?"
_SECRET_NAME = re.compile(
    rf"(?i)(?:(?:password|passwd|passphrase|identified[ ]by|{SECRET_KEY}"
    r"|requirepass|masterauth|rediscli[_.-]auth|auth[_.-]pass|bind_?pw|rootpw"
    rf"|(?:access|auth|identity|refresh|registry)token"
    rf"|(?:^|[_.-])(?:(?:db|pg)?(?:pass|pwd)|secret|token|credentials?|connection[_-]?string)){_WRITTEN})$"
)
# Such a name may also be that of an identifier, or of a reference. A value that looks random tells.
_PERHAPS_SECRET = re.compile(
    r"(?i)(?<!public)(?<!public[_.-])(?<!host)(?<!host[_.-])"
    rf"(?:key|auth|authorization|credentials?|salt|secret|session|signature){_WRITTEN}$"
)
# Between the words of a name in camelCase.
_NEXT_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_AUTHORIZATION = r"\bauthorization[\"']?[ \t]*[:=][ \t]*[\"']?(?:token|apikey|key)[ \t]+"
# A word with so many changes between kinds of letters, or with a digit, is not prose.
_HEADER = rf"(?i:{SCHEME}|{_AUTHORIZATION})(?=\S*(?:\d|=|[a-z][A-Z]+[a-z]+[A-Z]))[\w.~+/=-]{{12,}}"
# What stands before a ":" and an e-mail address or a package, not before a password.
_LABELS = r"(?:mailto|e-?mail|contact|owner|author|maintainer|from|to|cc|bcc|serviceaccount|group|npm)"
_PASSWORD = r"(?![$%{<*])[^\s/@:$\"'`,;()<>{}\[\]]{1,256}@"  # noqa: S105 - a pattern
LOGIN_FORM = (
    rf"(?<![\w.+%:/-])(?!(?i:{_LABELS}):)(?!\d+:\d+@)(?P<user>[\w.+%-]{{1,64}}|\$[({{]\w{{1,64}}[)}}])"
    rf":{_PASSWORD}(?!sha\d{{1,3}}:)(?=[\w\[$])"
)
"""`user:password@host`. All lengths are bounded, so that the search takes no longer than the text is long."""
_BASE64 = re.compile(r"[A-Za-z0-9+/]{4,1024}={0,2}")
_USER_AND_PASSWORD = re.compile(r"[\w.@+-]+:[ -~]+")
_OPTION = re.compile(r"--?[A-Za-z][\w.-]*")
_REFERENCES = frozenset({"--credential", "--credentials", "--secret"})
# Keys below which names of secrets stand, not their values.
_NAMES_OF_SECRETS = frozenset({"secret", "secrets", "keys", "store", "pull_secret"})
# A placeholder ends where another one starts, so that the search time grows no faster than the text.
_PLACEHOLDER = re.compile(
    r"\{\{(?:(?!\{\{|\}\}).)*\}\}|\$\([^()\n]*\)|\$\{[^{}\n]*\}|%\([^()\n]*\)s|<[^<>\n]*>", re.DOTALL
)
# Variables, templates, paths and references stand for a value that comes from elsewhere.
_ELSEWHERE = tuple("$<%{([*&!|>/.@")
_SWITCHES = frozenset({"0", "1", "false", "no", "off", "on", "true", "yes"})
_NO_VALUES = _SWITCHES | {"", "~", "bool", "int", "none", "null", "str", "string"}
# Credentials that are known by what stands around them: the kind, a part that each has (looked for first, as that is
# quick), and the form.
_AROUND = tuple(
    (kind, part, re.compile(form))
    for kind, part, form in (
        (HTTP_CREDENTIAL, "asic", _HEADER),
        (HTTP_CREDENTIAL, "earer", _HEADER),
        (HTTP_CREDENTIAL, "uthorization", _HEADER),
        (PASSWORD_IN_URL, "://", r"(?<![a-z0-9+.-])[a-z][a-z0-9+.-]*://[^\s/:@$]*:(?!\$)[^\s/@$]+@"),
        (LOGIN, "@", LOGIN_FORM),
    )
)


@lru_cache(maxsize=4096)  # the same names stand in every domain's objects
def names_secret(name: str) -> bool:
    """Return whether a key of this name holds a secret by all appearances (`DB_PASSWORD`, `clientSecret`)."""
    return bool(_SECRET_NAME.search(_NEXT_WORD.sub("_", name)))


def is_random_secret(name: str, value: str) -> bool:
    """Return whether a value looks random, as secrets do, and a key of this name may hold one (`accessKey`).

    A user and a password in base64, as in `auth` of Docker's and npm's configuration, are as readable.
    """
    return bool(_PERHAPS_SECRET.search(name)) and (looks_random(value) or _encodes_login(value))


def option_of_secret(word: object) -> bool:
    """Return whether a word of a command is an option whose value, the next word, is a secret (`--password`)."""
    # Alone, `--secret` rather says which one is meant.
    return isinstance(word, str) and bool(_OPTION.fullmatch(word)) and names_secret(word) and word not in _REFERENCES


def refers_to_secret(keys: Collection[str]) -> bool:
    """Return whether a mapping with these keys refers to a secret; any other value in it may be the secret's."""
    return "secret" in keys and "key" in keys


def holds_secret(path: DataPath) -> bool:
    """Return whether a text or number at this place is a secret's value, by the keys that lead to it."""
    keys = [step for step in path if isinstance(step, str)]
    if "steps" in keys and keys[-2:-1] == ["secrets"]:
        return True  # where a variable's secret is to be referred to
    return bool(keys) and names_secret(keys[-1]) and not _NAMES_OF_SECRETS.intersection(keys)


def is_switch(value: str) -> bool:
    """Return whether a value only switches something on or off, as in `USE_TOKEN: "1"`."""
    return value.lower() in _SWITCHES


def stands_for_itself(value: str) -> bool:
    """Return whether a value is literal: not a variable, template, path, empty word or the like."""
    return not value.startswith(_ELSEWHERE) and value.lower() not in _NO_VALUES


def secret_in(text: str) -> str:
    """Return the kind of credential that the text contains (`a private key`); empty if there is none."""
    around = (kind for kind, part, form in _AROUND if part in text and form.search(text))
    kinds = chain((kind for kind, _ in credentials_in(text)), around, (login.kind for login in logins_in(text)))
    return next(kinds, "")


def _encodes_login(value: str) -> bool:
    """Return whether a text is a user and a password in base64."""
    if len(value) < 8 or not _BASE64.fullmatch(value):
        return False
    try:
        text = b64decode(value, validate=True).decode("ascii")
    except ValueError:
        return False
    return bool(_USER_AND_PASSWORD.fullmatch(text))


def without_placeholders(text: str) -> str:
    """Return the text with `$` for each variable, template and placeholder, which stand for other values."""
    return _PLACEHOLDER.sub("$", text)


def without_secrets(text: str, instead: str) -> str:
    """Return the text with each credential replaced, except those before hosts and in HTTP headers."""
    for credential in sorted({match[0] for _, match in credentials_in(text)}, key=len, reverse=True):
        text = text.replace(credential, instead)
    parts, end = [], 0
    for login in sorted(logins_in(text), key=lambda login: (login.start, -login.end)):
        if login.start >= end:
            parts += [text[end : login.start], instead]
        end = max(end, login.end)
    return "".join((*parts, text[end:]))
