"""The forms of credentials: those that their makers document, and more that gitleaks publishes (`forms.json`)."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import msgspec

# Includes everything up to the end of the key.
_PRIVATE_KEY = r"(?s)-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----(?:.*?-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----|.*)"

# What matches the end of a line, in a pattern.
_GOES_ON = re.compile(r"\(\?s\)|\\s|\[\^")
_LONG_WORD = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[\w+/.~-]{20,512}={0,2}")
_HEXADECIMAL = re.compile(r"[0-9a-fA-F]{32,}")
_IDENTIFIER = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# Where capital letters, small letters and digits follow each other.
_CHANGES = re.compile(r"(?<=[a-z])(?=[A-Z0-9])|(?<=[A-Z])(?=[a-z0-9])|(?<=[0-9])(?=[A-Za-z])")


class Form(msgspec.Struct, frozen=True):
    """The form of a kind of credential: a pattern.

    A text with such a credential has one of the `words`, in any case. A value with less `entropy` is an example.
    """

    kind: str
    words: tuple[str, ...]
    pattern: str
    entropy: float = 0.0

    @property
    def goes_on(self) -> bool:
        """Return whether a credential, or what is after it, may be in several lines."""
        return bool(_GOES_ON.search(self.pattern))

    def find(self, text: str) -> Iterator[re.Match[str]]:
        """Yield the credentials of this form in a text."""
        for match in _compiled(self.pattern).finditer(text):
            if not self.entropy or entropy(match[0]) >= self.entropy:
                yield match


DOCUMENTED: tuple[Form, ...] = (
    Form("a private key", ("private key",), _PRIVATE_KEY),
    Form("an AWS access key", ("akia", "asia"), r"\bA[KS]IA[0-9A-Z]{16}\b"),
    Form("a token of GitHub", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), r"\bgh[pousr]_[A-Za-z0-9]{36,}\b"),
    Form("a token of GitHub", ("github_pat_",), r"\bgithub_pat_[A-Za-z0-9_]{36,}\b"),
    Form(
        "a token of GitLab",
        ("glpat-", "gldt-", "glrt-", "glptt-", "glcbt-", "gloas-"),
        r"\bgl(?:pat|dt|rt|ptt|cbt|oas)-[A-Za-z0-9_-]{20,}",
    ),
    Form("a token of Slack", ("xox",), r"\bxox[abeprs]-[A-Za-z0-9-]{10,}"),
    Form("a token of Slack", ("hooks.slack.com",), r"\bhooks\.slack\.com/services/T\w+/B\w+/\w{16,}"),
    Form("a key of Stripe", ("k_live_", "k_test_"), r"\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}"),
    Form("a key of Google", ("aiza",), r"\bAIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])"),
    Form("a token of Hugging Face", ("hf_",), r"\bhf_[A-Za-z0-9]{30,}\b"),
    Form("a token of npm", ("npm_",), r"\bnpm_[A-Za-z0-9]{36}\b"),
    Form("a token of Docker", ("dckr_",), r"\bdckr_[po]at_[A-Za-z0-9_-]{20,}"),
    Form("a key of SendGrid", ("sg.",), r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
    Form("a token of Vault", ("hvs.", "hvb.", "hvr."), r"\bhv[sbr]\.[A-Za-z0-9_-]{20,}"),
    Form("a token of Databricks", ("dapi",), r"\bdapi[0-9a-f]{32}\b"),
    Form(
        "a key of Azure", ("accountkey=", "sharedaccesskey="), r"\b(?:Account|SharedAccess)Key=[A-Za-z0-9+/]{40,}={0,2}"
    ),
    Form("a signature of Azure", ("sig=",), r"[?&]sig=[A-Za-z0-9%+/]{40,}(?:=|%3D){0,2}"),
    Form("a token of Discord", ("discord",), r"\bdiscord(?:app)?\.com/api/webhooks/\d{17,}/[\w-]{60,}"),
    Form("a token of Telegram", (":aa",), r"(?<![\w:])\d{8,10}:AA[\w-]{32,33}(?![\w-])"),
    Form("a token of Atlassian", ("atatt3",), r"\bATATT3[A-Za-z0-9_=-]{50,}"),
    Form("a token of SonarQube", ("sqp_", "squ_", "sqa_"), r"\bsq[pua]_[0-9a-f]{40}\b"),
    Form("a key of New Relic", ("nrak-",), r"\bNRAK-[A-Z0-9]{27}\b"),
    Form("a key of OpenAI", ("sk-",), r"\bsk-(?:proj-|svcacct-|admin-)?[A-Za-z0-9_-]{32,}(?<=[A-Za-z0-9])", 4.0),
    Form("a JSON web token", ("eyj",), r"(?<![\w-])eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
)


def credentials_in(text: str) -> Iterator[tuple[str, str]]:
    """Yield the kind of each credential in a text, and the credential, form by form."""
    credentials = [pair for line in text.split("\n") for pair in _in_line(line)]
    multiline = sorted({number for number, credential in credentials if not credential})
    credentials += [(number, match[0]) for number in multiline for match in _forms()[number].find(text)]
    for number, credential in sorted(credentials, key=lambda pair: pair[0]):
        if credential:
            yield _forms()[number].kind, credential


@lru_cache(maxsize=16384)  # most lines of a text are as they were before an edit, or in another text
def _in_line(line: str) -> tuple[tuple[int, str], ...]:
    """Return the credentials in a line, each with the number of its form; none for what may begin in this line."""
    if not any_word().search(lower := line.lower()):
        return ()
    possible = [numbered for numbered in enumerate(_forms()) if any(word in lower for word in numbered[1].words)]
    return tuple(
        (number, credential)
        for number, form in possible
        for credential in (("",) if form.goes_on else (match[0] for match in form.find(line)))
    )


@cache
def _forms() -> tuple[Form, ...]:
    return (*DOCUMENTED, *published())


@cache
def published() -> tuple[Form, ...]:
    """Return the forms that gitleaks publishes."""
    text = (Path(__file__).parent / "forms.json").read_text(encoding="utf-8")
    return tuple(
        Form(f"a credential ({form['name']})", tuple(form["words"]), form["form"], form["entropy"])
        for form in json.loads(text)
    )


@cache
def any_word() -> re.Pattern[str]:
    """Return a pattern that finds any word of any form in a text in lower case.

    It is a tree, as a pattern of so many alternatives takes five times longer.
    """
    words = {word for form in _forms() for word in form.words}
    return re.compile(_tree_pattern(_tree(words)))


def looks_random(text: str) -> bool:
    """Return whether a text is one long word that looks random: not an identifier, a path or a sentence."""
    if not _LONG_WORD.fullmatch(text) or _IDENTIFIER.fullmatch(text):
        return False
    if _HEXADECIMAL.fullmatch(text):
        return entropy(text) >= 3.0
    return entropy(text) >= 3.5 and len(_CHANGES.findall(text)) >= len(text) / 5


def entropy(text: str) -> float:
    """Return Shannon's entropy of a text, in bits for each character."""
    shares = [count / len(text) for count in Counter(text).values()]
    return -sum(share * math.log2(share) for share in shares)


def _tree(words: Iterable[str]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for word in words:
        below = tree
        for character in word:
            below = below.setdefault(character, {})
        below[""] = {}
    return tree


def _tree_pattern(tree: Mapping[str, Any]) -> str:
    if "" in tree:
        return ""
    parts = [re.escape(character) + _tree_pattern(below) for character, below in sorted(tree.items())]
    return parts[0] if len(parts) == 1 else f"(?:{'|'.join(parts)})"


_compiled = cache(re.compile)
