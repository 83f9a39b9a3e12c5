"""Secret values in authored documents: they would end up in Git forever."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import pairwise
from typing import Any

from floe_compiler.load.rules import NOT_A_FALSE_ALARM, SECRET_VALUE
from floe_compiler.model.assigned_secrets import assigned_secrets, may_show_secret
from floe_compiler.model.credentials import (
    LOGIN,
    PASSWORD_IN_URL,
    holds_secret,
    is_random_secret,
    is_switch,
    option_of_secret,
    secret_in,
    stands_for_itself,
)
from floe_compiler.model.diagnostics import Diagnostic
from floe_compiler.model.document import DataPath, Document, show_path
from floe_compiler.model.login_forms import WORDS_BEFORE, login_at_end
from floe_compiler.model.nested_fields import at, mapping
from floe_compiler.model.not_secrets import KEY, key_of

Words = tuple[str, ...]

VALUE = "the value of a secret"


def secret_values(document: Document) -> dict[DataPath, Diagnostic]:
    """Return a diagnostic for each value that looks like a secret, by its place, never showing it.

    A data product, and what an environment says of one, may declare that some are not. A needless declaration is
    a warning.
    """
    found: dict[DataPath, Diagnostic] = {}
    declared = {product: _declared(at(document.data, product)) for product in _products(document.data)}
    needed: set[tuple[DataPath, str]] = set()
    for path, value, before in _scalars(document.data):
        product = _product(path, declared)
        below = path[len(product) :] if product is not None else ()
        kind = secret_in(str(value)) if KEY in (path[0], *below[:1]) else _kind(path, value, before)
        name = key_of(path) if below[:1] == ("steps",) else ""
        is_declared = product is not None and name in declared[product]
        if product is not None and is_declared and (kind or any(assigned_secrets(str(value), ()))):
            needed.add((product, name))
        elif kind and not (kind == VALUE and _names_listed_secret(document.data, path, value)):
            message = f"{show_path(path)} looks like {kind}"
            found[path] = Diagnostic(SECRET_VALUE, message, document.span(path), hint=_hint(kind, path), secret=True)
    declared_names = {(product, name) for product, names in declared.items() for name in names}
    for above, name in sorted(declared_names - needed):
        place = (*above, KEY, name)
        message = f"{show_path(place)}: no step has such a key with a value that looks like a secret"
        found[place] = Diagnostic(NOT_A_FALSE_ALARM, message, document.key_span(place))
    return found


def _products(data: Any) -> Iterator[DataPath]:
    """Yield the paths of what a document says of data products: it is one itself, or an environment's."""
    kind = at(data, ("kind",))
    if kind == "DataProduct":
        yield ()
    elif kind == "Environment":
        for domain in mapping(data, ("domains",)):
            for product in mapping(data, ("domains", domain, "products")):
                yield "domains", domain, "products", product


def _product(path: DataPath, products: Collection[DataPath]) -> DataPath | None:
    """Return the path of the product that a path is below; None if it is of none."""
    return next((path[:length] for length in (0, 4) if path[:length] in products), None)


def _declared(product: Any) -> set[str]:
    """Return the keys that a product declares to hold no secrets, each with a reason."""
    return {name for name, reason in mapping(product, (KEY,)).items() if reason}


def _kind(path: DataPath, value: str | int | float, before: Words) -> str:
    """Return what kind of secret a value looks like; empty if it looks like none."""
    kind = secret_in(str(value)) or login_at_end((*before, str(value)))
    if not kind and (_is_secret(path, str(value)) or _is_option_value(before, str(value))):
        return VALUE
    return kind


def _names_listed_secret(data: Any, path: DataPath, value: str | int | float) -> bool:
    """Return whether a value of a chart is the name of a Secret that the document lists for a chart's workload."""
    return _is_of_chart(path) and str(value) in _listed(data)


def _is_of_chart(path: DataPath) -> bool:
    return "values" in path and "charts" in path


def _listed(data: Any) -> Iterator[str]:
    """Yield the names of the Secrets that workloads of charts read."""
    for key, below in data.items() if isinstance(data, dict) else ():
        if key == "workloads":
            yield from (name for workload in mapping(below, ()) for name in mapping(below, (workload, "secrets")))
        else:
            yield from _listed(below)


def _is_secret(path: DataPath, value: str) -> bool:
    """Return whether a value is that of a secret, by the keys that lead to it, or by a description that says so."""
    key = key_of(path)
    # What other texts say is looked at when it is rendered.
    described = key == "description" and any(assigned_secrets(value, ()))
    return described or (holds_secret(path) and not is_switch(value)) or is_random_secret(key, value)


def may_assign_secret(document: Document) -> bool:
    """Tell whether a text in a document may give a secret a value, as a script does; rather too often than not.

    What comes of it is refused when the rendered objects are checked, which know the names of Secrets: these are no
    values.
    """
    scalars = [(path, str(value)) for path, value, _ in _scalars(document.data)]
    keys = {str(step) for path, _ in scalars for step in path}
    return any(map(may_show_secret, (*keys, *(value for _, value in scalars))))


def _hint(kind: str, path: DataPath) -> str:
    """Return the hint for a secret: how to refer to it at this location."""
    if "steps" in path and "connects" not in path:
        name = next((key for above, key in pairwise(path) if above in ("variables", "secrets")), "VARIABLE")
        put = f"put it into the secret store and refer to it: secrets: {{{name}: {{secret: <name>, key: <key>}}}}"
        why = f"if it is not a secret, say why: {KEY}: {{{key_of(path)}: <reason>}}"
        return put if "secrets" in path else f"{put}; {why}"
    if kind == PASSWORD_IN_URL:
        return "leave it out of the URL, and give it to the program that reads the URL as a secret"
    if _is_of_chart(path) and kind == VALUE:
        listed = "workloads: {<workload>: {secrets: {<name>: [<key>]}}}"
        return f"put it into the secret store, and name the Secret here, listed for its reader in this file: {listed}"
    if kind == LOGIN:
        return "leave the user and the password out, and give them to the program as a secret"
    form = "credentials: {type: secret, name: <name>}" if "credentials" in path else "secret: {name: <name>}"
    return f"put it into the secret store and name the secret instead: {form}"


def _is_option_value(before: Words, value: str) -> bool:
    return option_of_secret(before[-1] if before else None) and not value.startswith("-") and stands_for_itself(value)


def _scalars(data: Any, path: DataPath = (), before: Words = ()) -> Iterator[tuple[DataPath, str | int | float, Words]]:
    """Yield every text and number that is not empty, with its path, and the texts before it in its list."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _scalars(value, (*path, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            words = data[max(0, index - WORDS_BEFORE) : index]
            yield from _scalars(
                value, (*path, index), tuple(str(word) for word in words if isinstance(word, str | int | float))
            )
    elif isinstance(data, str | int | float) and not isinstance(data, bool) and data != "":
        yield path, data, before
