"""Limits: what a platform manifest says a setting may be, wherever it is set.

A limit holds for what comes out when all layers are merged, so that no layer, no default and no scale goes beyond it.
Limits of several manifests hold at the same time: one that is further down can only narrow what is allowed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
from pydantic import BaseModel

from floe_compiler.model.bounds import Bounds, as_word
from floe_compiler.model.diagnostics import Findings, Related
from floe_compiler.model.document import DataPath, Document, show_path
from floe_compiler.model.inputs import DataProduct, Limit, PlatformManifest
from floe_compiler.model.layout import MANIFEST, VENDOR
from floe_compiler.model.nested_fields import at
from floe_compiler.model.schema_words import DISCRIMINATOR
from floe_compiler.model.span import Span
from floe_compiler.model.structure import gives_away_secret
from floe_compiler.resolve.capabilities import Placed
from floe_compiler.resolve.layers import Layer, Merged, Origin, merge
from floe_compiler.resolve.locks import hint_if_unknown, parent_name, settings_below
from floe_compiler.resolve.products import WrittenProduct
from floe_compiler.resolve.rules import BEYOND_LIMIT, BEYOND_POLICY, UNKNOWN_LOCK
from floe_compiler.resolve.scopes import PRODUCTS
from floe_compiler.resolve.slots import DERIVED, Registry
from floe_compiler.resolve.validation import validate

LIMITS = "limits"

SCOPES = {"DataProduct": "product", "Domain": "domain", "Environment": "environment", "ProductImages": "environment"}
"""The scope that a document of a kind belongs to, in messages."""


class SetLimit(msgspec.Struct, frozen=True):
    """A limit of a path, and the manifest that sets it."""

    path: DataPath
    bounds: Bounds
    manifest: Document

    @property
    def place(self) -> Span:
        """Return where it is set."""
        return self.manifest.key_span((LIMITS, show_path(self.path)))

    @property
    def owner(self) -> str:
        """Return who allows what."""
        return MANIFEST if self.manifest.file == MANIFEST else parent_name(self.manifest)


def limits_of(manifests: Iterable[Document], registry: Registry, findings: Findings) -> tuple[SetLimit, ...]:
    """Return the limits that manifests set, the topmost manifest first; report those of unknown paths.

    Those that begin with `products` are of every data product.
    """
    limits: list[SetLimit] = []
    for manifest in manifests:
        merged = merge([Layer(manifest.file, manifest.data, manifest)])
        for key in manifest.data.get(LIMITS) or {}:
            path = tuple(str(key).split("."))
            limit = validate(Limit, merged, (LIMITS, key), findings)
            problem, hint = _problem(registry, path)
            if problem:
                findings.add(UNKNOWN_LOCK, f'"{key}" {problem}', manifest.key_span((LIMITS, key)), hint=hint)
            elif limit is not None:
                limits.append(SetLimit(path, limit.bounds, manifest))
    return tuple(limits)


def _problem(registry: Registry, path: tuple[str, ...]) -> tuple[str, str]:
    """Return why a path cannot have a limit, and a hint; empty if it can."""
    model: type[BaseModel] = PlatformManifest
    components, prefix = registry, ""
    if path[0] == PRODUCTS:
        model, components, prefix, path = DataProduct, Registry(), f"{PRODUCTS}.", path[1:]
    hint = hint_if_unknown(model, components, path, prefix) if path else None
    if hint is not None:
        return "is not a setting of the platform manifest that can have a limit", hint
    below = settings_below(model, components, path)
    shown = ", ".join(f"{prefix}{'.'.join((*path, name))}" for name in below[:4])
    return (
        ("has several settings; each has a limit of its own", f"limit one of them, such as {shown}")
        if below
        else ("", "")
    )


def check_limits(
    limits: Iterable[SetLimit], root: BaseModel, placed: Iterable[Placed], merged: Merged, findings: Findings
) -> None:
    """Report the settings of the platform, or of a domain, that go beyond a limit.

    Args:
        limits: The limits.
        root: The settings that are of no component.
        placed: The components, with their settings.
        merged: The layers that all of these come from.
        findings: The errors are added here.
    """
    instances = [(instance.settings_path, instance) for component, instance in placed if component.slot != DERIVED]
    for limit in limits:
        for settings_path, instance in instances:
            chosen = at(merged.data, (*settings_path, DISCRIMINATOR))
            if limit.path[: len(settings_path)] == settings_path and instance.type == chosen:
                for path, value in _values(instance.config, limit.path[len(settings_path) :]):
                    chooser = _origin(merged, (*settings_path, DISCRIMINATOR))
                    chosen_at = (
                        chooser.layer.document if chooser else None,
                        merged.key_span((*settings_path, DISCRIMINATOR)),
                    )
                    _check(limit, (*settings_path, *path), value, merged, chosen_at, findings)
        for path, value in _values(root, limit.path):
            _check(limit, path, value, merged, (None, None), findings)


def check_product_limits(limits: Iterable[SetLimit], products: Iterable[WrittenProduct], findings: Findings) -> None:
    """Report the settings of data products that go beyond a limit."""
    of_products = [limit for limit in limits if limit.path[0] == PRODUCTS]
    for written in products if of_products else ():
        for limit in of_products:
            for path, value in _values(written.product.spec, limit.path[1:]):
                named_at = (written.document, written.document.span(("metadata", "name")))
                _check(limit, path, value, written.merged, named_at, findings)


def _check(
    limit: SetLimit,
    path: DataPath,
    value: Any,
    merged: Merged,
    fallback: tuple[Document | None, Span | None],
    findings: Findings,
) -> None:
    """Report a value beyond a limit where it was written; a default, at `fallback` or else at the limit.

    `fallback` is the document that asks for the product or the component, and the place there, if there is one.
    """
    origin = _origin(merged, path)
    document = origin.layer.document if origin else None
    if (value is None and document is None) or limit.bounds.allows(value):
        return
    span = origin.layer.span(path) if origin and document else fallback[1]
    if any(finding.rule == BEYOND_POLICY and finding.span == span for finding in findings.diagnostics):
        return  # the policy allows less
    secret = gives_away_secret(path, value)
    shown = "another value" if secret else "a mapping" if isinstance(value, BaseModel) else as_word(value)
    owner = document or fallback[0]
    of_scope, by_default = f"of {_scope(owner)} " if owner else "", "" if document else " by default"
    findings.add(
        BEYOND_LIMIT,
        f"{show_path(path)} {of_scope}is {shown}{by_default}, but {limit.owner} allows {limit.bounds}",
        span or limit.place,
        hint=f"{limit.bounds.fix}, or ask {limit.manifest.data['metadata']['owner']}, who set the limit",
        related=[Related(limit.place, "the limit")],
        secret=secret,
    )


def _origin(merged: Merged, path: DataPath) -> Origin | None:
    """Return what sets the value at a path, or a part of it; None if no layer does."""
    parts = (path[:length] for length in range(len(path), 0, -1))
    set_ = next((part for part in parts if part in merged.origins), None)
    written = set_ or next((leaf for leaf in merged.origins if leaf[: len(path)] == path), None)
    return merged.origins[written][0] if written else None


def _scope(document: Document) -> str:
    """Return the scope that a document belongs to, with its name: `domain "sales"`."""
    usual = "parent" if document.file.startswith(f"{VENDOR}/") else "platform"
    return f'{SCOPES.get(document.data["kind"], usual)} "{document.data["metadata"]["name"]}"'


def _values(settings: Any, path: DataPath, above: DataPath = ()) -> Iterator[tuple[DataPath, Any]]:
    """Yield the values at a path of settings: that of each item of a list, and of each key where any is allowed."""
    if isinstance(settings, tuple):
        for index, item in enumerate(settings):
            yield from _values(item, path, (*above, index))
    elif not path and isinstance(settings, Mapping):
        for key, value in settings.items():
            yield (*above, key), value
    elif not path:
        yield above, settings
    elif isinstance(settings, BaseModel) and path[0] in type(settings).model_fields:
        yield from _values(getattr(settings, str(path[0])), path[1:], (*above, path[0]))
    elif isinstance(settings, Mapping):
        key = ".".join(map(str, path))  # keys of mappings, such as labels, may have dots
        yield from [((*above, key), settings[key])] if key in settings else ()
