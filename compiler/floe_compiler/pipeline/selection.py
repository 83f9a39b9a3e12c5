"""What a run may leave out: other domains than those asked for, and other environments, if their files are wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

import msgspec

from floe_compiler.load.rules import LEFT_OUT
from floe_compiler.model.diagnostics import Diagnostic, StageFailed
from floe_compiler.model.plan import scope_name

Result = TypeVar("Result")

_FOLDER = re.compile(r"(domains|overlays)/([^/]+)/")


class Selection(msgspec.Struct, frozen=True):
    """The environments and domains to compile; empty: all. With the path of an output `file`, only that one."""

    environments: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    file: str = ""


class Omitted(msgspec.Struct, frozen=True):
    """The names of domains and environments that are left out."""

    domains: frozenset[str] = frozenset()
    environments: frozenset[str] = frozenset()
    all_domains: tuple[str, ...] = ()
    """The names of all domains: `sales-domain` is also the end of the name of another one."""

    def __bool__(self) -> bool:
        return bool(self.domains or self.environments)

    def has_file(self, path: str) -> bool:
        """Return whether a file belongs to an environment or domain that is left out."""
        kind, name = _owner_of_file(path)
        return name in (self.domains if kind == "domains" else self.environments)

    def concerns(self, diagnostic: Diagnostic) -> bool:
        """Return whether a diagnostic is about a domain that is left out: one of its files, or its namespace."""
        kind, name = _owner(diagnostic, self.all_domains)
        return kind == "domains" and name in self.domains


NOTHING = Omitted()


def without_others(
    selection: Selection, domains: Iterable[str], compiled: Callable[[Omitted], Result]
) -> tuple[Result, tuple[Diagnostic, ...]]:
    """Return what compiles without the domains and environments that are wrong and not asked for; and warnings.

    Args:
        selection: What is asked for.
        domains: The names of all domains.
        compiled: Compiles without what is left out, or raises StageFailed.

    Raises StageFailed with the errors of what is asked for.
    """
    omitted, warnings, all_domains = Omitted(), list[Diagnostic](), tuple(domains)
    while True:
        try:
            return compiled(omitted), tuple(warnings)
        except StageFailed as failed:
            wrong = _wrong(failed.diagnostics, selection, all_domains)
            if not wrong:
                raise
            added = {owner: errors for owner, errors in wrong.items() if owner not in _owners(omitted)}
            if not added:
                raise StageFailed(_relevant(failed.diagnostics, wrong)) from None
            warnings += [_warning(*owner, errors) for owner, errors in added.items()]
            names = {kind: {name for of, name in added if of == kind} for kind in ("domains", "overlays")}
            omitted = Omitted(omitted.domains | names["domains"], omitted.environments | names["overlays"], all_domains)


def _wrong(
    diagnostics: Iterable[Diagnostic], selection: Selection, domains: tuple[str, ...]
) -> Mapping[tuple[str, str], list[Diagnostic]]:
    """Return the errors of domains and environments that nobody asks for, by kind and name."""
    chosen = {"domains": selection.domains, "overlays": selection.environments}
    by_owner: dict[tuple[str, str], list[Diagnostic]] = {}
    for diagnostic in (error for error in diagnostics if error.severity == "error"):
        kind, name = _owner(diagnostic, domains)
        if kind and chosen[kind] and name not in chosen[kind]:
            by_owner.setdefault((kind, name), []).append(diagnostic)
    return by_owner


def _relevant(
    diagnostics: Iterable[Diagnostic], wrong: Mapping[tuple[str, str], list[Diagnostic]]
) -> tuple[Diagnostic, ...]:
    """Return the findings without the errors of others; all of them if there are no other errors."""
    left = tuple(diagnostic for diagnostic in diagnostics if not any(diagnostic in errors for errors in wrong.values()))
    return left if any(diagnostic.severity == "error" for diagnostic in left) else tuple(diagnostics)


def _owner(diagnostic: Diagnostic, domains: tuple[str, ...]) -> tuple[str, str]:
    """Return the owner of a mistake: `domains` or `overlays`, and the name; of the platform's, two empty texts."""
    owner = _owner_of_file(diagnostic.span.file) if diagnostic.span else ("", "")
    if owner[0] == "domains":
        return owner
    # Of several, the longest: `floe-eu-sales-domain` is not of `sales`.
    about = [domain for domain in domains if _is_about(diagnostic, domain)]
    return ("domains", max(about, key=len)) if about else owner


def _is_about(diagnostic: Diagnostic, domain: str) -> bool:
    in_folder = diagnostic.span is not None and diagnostic.span.file.startswith(f"domains/{domain}/")
    return in_folder or bool(re.search(rf"{re.escape(scope_name(domain))}(?![a-z0-9])", diagnostic.subject))


def _owner_of_file(path: str) -> tuple[str, str]:
    match = _FOLDER.match(path)
    return (match[1], match[2]) if match else ("", "")


def _owners(omitted: Omitted) -> set[tuple[str, str]]:
    return {*(("domains", name) for name in omitted.domains), *(("overlays", name) for name in omitted.environments)}


def _warning(kind: str, name: str, diagnostics: list[Diagnostic]) -> Diagnostic:
    subject = f'{"domain" if kind == "domains" else "environment"} "{name}"'
    first = diagnostics[0]
    errors = (
        f"an error ({first.rule.code})"
        if len(diagnostics) == 1
        else f"{len(diagnostics)} errors (the first: {first.rule.code})"
    )
    return Diagnostic(
        LEFT_OUT,
        f"{subject} is left out, as it has {errors}",
        first.span,
        subject=f"{kind}/{name}",
        hint="floe-compile check shows what is wrong",
        secret=first.secret,
    )
