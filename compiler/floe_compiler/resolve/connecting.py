"""Connects the components of a scope with what they require: what the scope or the platform provides."""

from __future__ import annotations

from floe_compiler.model.capabilities import Capability
from floe_compiler.model.diagnostics import Findings
from floe_compiler.model.plan import PLATFORM, ResolvedUnit
from floe_compiler.resolve import capabilities
from floe_compiler.resolve.backups import check_place
from floe_compiler.resolve.databases import external_databases
from floe_compiler.resolve.frame import Frame, Scope
from floe_compiler.resolve.refusals import check_refusals
from floe_compiler.resolve.store_logins import check_store_logins
from floe_compiler.resolve.triggers import check_noticed


def connect(
    frame: Frame, scope: Scope, platform: tuple[Capability, ...], findings: Findings, *, complete: bool = True
) -> ResolvedUnit:
    """Return the unit of a scope: its components with the capabilities they require, from it or the platform.

    `complete` is false if components are missing because their settings are invalid.
    """
    contexts = []
    for component, instance in scope.placed:
        context, unmet = capabilities.context((component, instance), scope.provided, platform, frame.elsewhere)
        needed = [requirement for requirement in unmet if not requirement.optional and not requirement.many]
        if complete:
            placed = (*frame.platform.placed, *scope.placed)
            capabilities.check_provided(instance, needed, placed, findings)
        # A requirement may be unmet only because of another error.
        check_noticed(component, instance, (other for other, _ in scope.placed), findings)
        if not (needed if complete else unmet):
            check_refusals(component, context, scope.merged, findings)
        contexts.append((component, context))
    check_place(scope.placed, frame.settings, scope.merged, findings)
    if scope.name == PLATFORM and complete:
        check_store_logins(frame.settings, platform, frame.served, scope.merged, findings)
    return ResolvedUnit(
        settings=frame.settings,
        scope=scope.name,
        namespace=scope.namespace,
        owner=scope.owner,
        contexts=tuple(contexts),
        quota=scope.quota,
        quota_origin=scope.quota_origin,
        quota_growth=scope.quota_growth,
        pull_secret_origin=frame.platform.merged.span(("images", "pull_secret")),
        external_databases=external_databases(scope.placed),
        charts=scope.charts,
    )
