"""What a credential looks like: to keep secret values out of authored files, output, differences and messages."""

from __future__ import annotations

import re

_SECRET_NAME = re.compile(
    r"(?i)(^|[_.-])(password|passwd|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|secret[_-]?key|private[_-]?key"
    r"|credentials?|connection[_-]?string)$"
)
_SECRET_VALUES = (
    ("a private key", re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")),
    ("an AWS access key", re.compile(r"\b(AKIA|ASIA)[0-9A-Z]{16}\b")),
    ("a token of GitHub", re.compile(r"\bgh[pousr]_[A-Za-z0-9]{36,}\b")),
    ("a token of Slack", re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,}")),
    ("a JSON web token", re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}")),
    ("a password in a URL", re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s/:@$]+:(?!\$)[^\s/@$]+@")),
)


def names_secret(name: str) -> bool:
    """Tell whether a key or variable of this name holds a secret by all appearances (`DB_PASSWORD`)."""
    return bool(_SECRET_NAME.search(name))


def secret_in(text: str) -> str:
    """Return what kind of credential the text contains (`a private key`); empty if it shows none."""
    return next((kind for kind, pattern in _SECRET_VALUES if pattern.search(text)), "")
