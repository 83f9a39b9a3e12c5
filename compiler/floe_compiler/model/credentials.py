"""What a credential looks like: keeps secret values out of inputs, output, differences and messages."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

from floe_compiler.model.document import DataPath

PASSWORD_IN_URL = "a password in a URL"  # noqa: S105 - what it is called
LOGIN = "a user and a password before a host"
HTTP_CREDENTIAL = "the credential of an HTTP header"

SECRET_KEY = r"(?:access|api|encryption|fernet|master|private|secret|signing)[_.-]?key"  # noqa: S105 - names
"""Keys that are secret; others, such as `PARTITION_KEY`, are identifiers."""

SCHEME = r"\b(basic|bearer)[ \t]+(?![$<{])"
"""What stands before the credential in a header `Authorization`."""

_SECRET_NAME = re.compile(
    rf"(?i)(password|passwd|passphrase|{SECRET_KEY}"
    r"|(^|[_.-])((db|pg)?(pass|pwd)|secret|token|credentials?|connection[_-]?string))$"
)
# A word with so many changes between kinds of letters, or with a digit, is not prose.
_HEADER = rf"(?i:{SCHEME})(?=\S*(?:\d|=|[a-z][A-Z]+[a-z]+[A-Z]))[\w.~+/=-]{{12,}}"
# Includes everything up to the end of the key.
_PRIVATE_KEY = r"(?s)-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----(?:.*?-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----|.*)"
# What stands before a ":" and an e-mail address or a package, not before a password.
_LABELS = r"(?:mailto|e-?mail|contact|owner|author|maintainer|from|to|cc|bcc|serviceaccount|group|npm)"
_PASSWORD = r"(?![$%{<*])[^\s/@:$\"'`,;()<>{}\[\]]{1,256}@"  # noqa: S105 - a pattern
LOGIN_FORM = (
    rf"(?<![\w.+%:/-])(?!(?i:{_LABELS}):)(?!\d+:\d+@)(?P<user>[\w.+%-]{{1,64}}|\$[({{]\w{{1,64}}[)}}])"
    rf":{_PASSWORD}(?!sha\d{{1,3}}:)(?=[\w\[$])"
)
"""`user:password@host`. All lengths are bounded, so that the search takes no longer than the text is long."""
_ASSIGNED = re.compile(r"""(?<![\w.-])-*([A-Za-z][\w.-]*)["']?\s*[=:]""")
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
_NO_VALUES = frozenset({"", "~", "bool", "false", "int", "none", "null", "str", "string", "true"})
# What kind of credential, a part that each has (looked for first, as that is quick), and its form: the one that its
# maker documents, so that scanners find what leaks.
_SECRET_VALUES = tuple(
    (kind, part, re.compile(form))
    for kind, part, form in (
        ("a private key", "PRIVATE KEY", _PRIVATE_KEY),
        ("an AWS access key", "AKIA", r"\bAKIA[0-9A-Z]{16}\b"),
        ("an AWS access key", "ASIA", r"\bASIA[0-9A-Z]{16}\b"),
        ("a token of GitHub", "gh", r"\bgh[pousr]_[A-Za-z0-9]{36,}\b"),
        ("a token of GitHub", "github_pat_", r"\bgithub_pat_[A-Za-z0-9_]{36,}\b"),
        ("a token of GitLab", "gl", r"\bgl(pat|dt|rt|ptt|cbt|oas)-[A-Za-z0-9_-]{20,}"),
        ("a token of Slack", "xox", r"\bxox[abeprs]-[A-Za-z0-9-]{10,}"),
        ("a token of Slack", "hooks.slack.com", r"\bhooks\.slack\.com/services/T\w+/B\w+/\w{16,}"),
        ("a key of Stripe", "k_", r"\b[rs]k_(live|test)_[A-Za-z0-9]{16,}"),
        ("a key of Google", "AIza", r"\bAIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])"),
        ("a token of Hugging Face", "hf_", r"\bhf_[A-Za-z0-9]{30,}\b"),
        ("a token of npm", "npm_", r"\bnpm_[A-Za-z0-9]{36}\b"),
        ("a token of Docker", "dckr_", r"\bdckr_[po]at_[A-Za-z0-9_-]{20,}"),
        ("a key of SendGrid", "SG.", r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
        ("a token of Vault", "hv", r"\bhv[sbr]\.[A-Za-z0-9_-]{20,}"),
        ("a token of Databricks", "dapi", r"\bdapi[0-9a-f]{32}\b"),
        ("a key of Azure", "Key=", r"\b(Account|SharedAccess)Key=[A-Za-z0-9+/]{40,}"),
        ("a JSON web token", "eyJ", r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
        (HTTP_CREDENTIAL, "asic", _HEADER),
        (HTTP_CREDENTIAL, "earer", _HEADER),
        (PASSWORD_IN_URL, "://", r"(?<![a-z0-9+.-])[a-z][a-z0-9+.-]*://[^\s/:@$]+:(?!\$)[^\s/@$]+@"),
        (LOGIN, "@", LOGIN_FORM),
    )
)


@lru_cache(maxsize=4096)  # the same names stand in every domain's objects
def names_secret(name: str) -> bool:
    """Return whether a key or variable of this name holds a secret by all appearances (`DB_PASSWORD`)."""
    return bool(_SECRET_NAME.search(name))


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


def stands_for_itself(value: str) -> bool:
    """Return whether a value is literal: not a variable, template, path, empty word or the like."""
    return not value.startswith(_ELSEWHERE) and value.lower() not in _NO_VALUES


def secret_in(text: str) -> str:
    """Return the kind of credential that the text contains (`a private key`); empty if there is none."""
    return next((kind for kind, part, form in _SECRET_VALUES if part in text and form.search(text)), "")


def without_placeholders(text: str) -> str:
    """Return the text with `$` for each variable, template and placeholder, which stand for other values."""
    return _PLACEHOLDER.sub("$", text)


def may_show_secret(text: str) -> bool:
    """Return whether a text may give a secret's value away, as `password=...` does; rather too often than not."""
    return any(names_secret(name) for name in _ASSIGNED.findall(text)) or bool(secret_in(text))


def without_secrets(text: str, instead: str) -> str:
    """Return the text with each credential replaced, except those before hosts and in HTTP headers."""
    for kind, part, form in _SECRET_VALUES:
        if kind not in (PASSWORD_IN_URL, LOGIN, HTTP_CREDENTIAL) and part in text:
            text = form.sub(instead, text)
    return text
