"""What a credential looks like: to keep secret values out of authored files, output, differences and messages."""

from __future__ import annotations

import re

PASSWORD_IN_URL = "a password in a URL"  # noqa: S105 - what it is called

_SECRET_NAME = re.compile(
    r"(?i)(password|passwd|passphrase"
    r"|(^|[_.-])(pass|pwd|secret|token|api[_-]?key|access[_-]?key|secret[_-]?key|private[_-]?key"
    r"|credentials?|connection[_-]?string))$"
)
# With all that follows, up to its end.
_PRIVATE_KEY = r"(?s)-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----(?:.*?-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----|.*)"
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
        ("a JSON web token", "eyJ", r"\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
        (PASSWORD_IN_URL, "://", r"\b[a-z][a-z0-9+.-]*://[^\s/:@$]+:(?!\$)[^\s/@$]+@"),
    )
)


def names_secret(name: str) -> bool:
    """Tell whether a key or variable of this name holds a secret by all appearances (`DB_PASSWORD`)."""
    return bool(_SECRET_NAME.search(name))


def secret_in(text: str) -> str:
    """Return what kind of credential the text contains (`a private key`); empty if it shows none."""
    return next((kind for kind, part, form in _SECRET_VALUES if part in text and form.search(text)), "")


def without_secrets(text: str, instead: str) -> str:
    """Return the text with something else in the place of each credential, less passwords in URLs."""
    for kind, part, form in _SECRET_VALUES:
        if kind != PASSWORD_IN_URL and part in text:
            text = form.sub(instead, text)
    return text
