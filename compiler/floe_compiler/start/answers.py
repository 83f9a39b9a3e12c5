"""What must be known to begin a mesh, and how it is asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import msgspec

from floe_compiler.model.credentials import PASSWORD_IN_URL, secret_in
from floe_compiler.model.diagnostics import did_you_mean
from floe_compiler.model.fields import check_name, check_owner, check_registry
from floe_compiler.model.unit_scopes import PLATFORM


class Answers(msgspec.Struct, frozen=True):
    """What a new mesh is made of, and for whom."""

    name: str
    owner: str
    registry: str
    repository: str
    orchestrator: str
    storage: str
    secrets: str
    delivery: str
    environments: tuple[str, ...]
    domain: str
    product: str
    guessed: frozenset[str] = frozenset()
    """The fields that nobody has answered."""

    @property
    def has_catalog(self) -> bool:
        """Whether products share tables: in a catalog, which keeps them in a store."""
        return self.storage != "none"

    @property
    def has_server(self) -> bool:
        """Whether the orchestrator has servers, which keep their state in a database."""
        return self.orchestrator != "kubernetes"

    @property
    def has_databases(self) -> bool:
        """Whether anything in the mesh has a database."""
        return self.has_catalog or self.has_server


def _repository(so_far: Mapping[str, str]) -> str:
    return f"https://github.com/{so_far['name']}/data-platform.git"


def check_names(text: str) -> str:
    """Accept names separated by commas, each of them once."""
    words = [word.strip() for word in text.split(",")]
    if not all(words):
        raise ValueError(f'"{text}" has a name too few, or a comma too many')
    names = [check_name(word) for word in words]
    if len({*names}) < len(names):
        raise ValueError(f'"{text}" has a name twice')
    return text


def check_domain(text: str) -> str:
    """Accept the name of a domain, which is not that of the shared services."""
    if text == PLATFORM:
        raise ValueError(f'"{text}" is what the shared services are called; write another name')
    return check_name(text)


_URL = re.compile(r"(https|ssh)://[^\s\"'#/]+[^\s\"'#]*")
_OF_SSH = re.compile(r"([\w.-]+@[\w.-]+):([\w./~-]+)")
"""The short form in which Git forges show the address for SSH."""


def check_url(text: str) -> str:
    """Accept the URL of a Git repository."""
    if secret_in(text) == PASSWORD_IN_URL:
        raise ValueError("there is a password in that URL; leave it out, as the file is for all to read")
    if not _URL.fullmatch(text):
        short = _OF_SSH.fullmatch(text)
        hint = f"; write it as ssh://{short[1]}/{short[2]}" if short else ""
        raise ValueError(f'"{text}" is not a URL with https:// or ssh://{hint}')
    return text


class Question(msgspec.Struct, frozen=True):
    """A field of `Answers`, what is asked, the answer of those who give none, and which answers there are.

    A default may follow from the answers so far. The answer is one of the choices or, without any, text that `check`
    accepts; it raises a ValueError that says what is wrong.
    """

    field: str
    text: str
    default: Callable[[Mapping[str, str]], str]
    choices: tuple[str, ...] = ()
    check: Callable[[str], str] = str

    def wrong(self, answer: str) -> str:
        """Return what is wrong with an answer; empty if nothing is."""
        if self.choices:
            hint = did_you_mean(answer, self.choices)
            return "" if answer in self.choices else f'"{answer}" is not one of the choices; {hint}'
        try:
            self.check(answer)
        except ValueError as error:
            return str(error)
        return ""


QUESTIONS = (
    Question("name", "name of the platform", lambda _: "mesh", check=check_name),
    Question("owner", "its owner: a mail address or a handle", lambda _: "@platform-team", check=check_owner),
    Question("registry", "registry of your images", lambda so_far: f"ghcr.io/{so_far['name']}", check=check_registry),
    Question("repository", "URL of the Git repository, as the cluster reaches it", _repository, check=check_url),
    Question("orchestrator", "what runs data products", lambda _: "dagster", ("dagster", "airflow", "kubernetes")),
    Question("storage", "where tables are kept outside development", lambda _: "s3", ("s3", "seaweedfs", "none")),
    Question("secrets", "where secrets come from", lambda _: "external-secrets", ("external-secrets", "existing")),
    Question("delivery", "what applies the output", lambda _: "argocd", ("argocd", "flux")),
    Question(
        "environments", "environments, separated by commas, the smallest first", lambda _: "dev,prod", check=check_names
    ),
    Question("domain", "the first domain", lambda _: "sales", check=check_domain),
    Question("product", "its first data product", lambda _: "orders", check=check_name),
)


def answers_of(answers: Mapping[str, str]) -> Answers:
    """Return the answers, with the default of each question that has none."""
    complete: dict[str, str] = {}
    for question in QUESTIONS:
        complete[question.field] = answers.get(question.field) or question.default(complete)
    environments = tuple(word.strip() for word in complete.pop("environments").split(",") if word.strip())
    return Answers(environments=environments, guessed=frozenset(complete.keys() - answers.keys()), **complete)
