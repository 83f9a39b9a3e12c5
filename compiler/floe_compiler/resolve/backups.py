"""Production databases must be backed up, and not beside the data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from floe_compiler.model.capabilities import DatabaseBackups
from floe_compiler.model.diagnostics import ENVIRONMENT_END, Findings
from floe_compiler.model.document import Document
from floe_compiler.model.settings import Settings
from floe_compiler.resolve.capabilities import Placed, provided
from floe_compiler.resolve.layers import Merged
from floe_compiler.resolve.rules import BACKUP_BESIDE_THE_DATA, NO_BACKUP
from floe_compiler.resolve.slots import slot_path

PATH = slot_path(DatabaseBackups.slot)
HINT = (
    "say where backups are kept, `databases: {backup: {type: s3, ...}}` in platform-manifest.yaml or under `platform`"
    " here, or why there are none: `{type: none, reason: ...}`"
)


def check_backups(
    settings: Settings, document: Document, unprotected: Mapping[str, Iterable[str]], findings: Findings
) -> None:
    """Report databases in the cluster of a production environment that nothing backs up.

    Args:
        settings: The settings of the environment.
        document: The document of the environment.
        unprotected: These databases, by namespace.
        findings: The error is added here: one, as one setting mends it.
    """
    named = [f"{', '.join(databases)} in {namespace}" for namespace, databases in sorted(unprotected.items())]
    if settings.environment.production and named:
        message = f'environment "{settings.environment.name}" is production, but nothing backs up its databases'
        findings.add(NO_BACKUP, f"{message}: {'; '.join(named)}", document.span(("production",)), hint=HINT)


def check_place(placed: Iterable[Placed], settings: Settings, merged: Merged, findings: Findings) -> None:
    """Warn of production backups in a store of the platform itself; `merged` are the documents of the scope."""
    if not settings.environment.production:
        return
    chosen = [(component, instance) for component, instance in placed if instance.slot == DatabaseBackups.slot]
    for backups in (capability for capability in provided(chosen) if isinstance(capability, DatabaseBackups)):
        if backups.store and backups.store.endpoint.group:
            findings.add(
                BACKUP_BESIDE_THE_DATA,
                f"the backups of production are kept in {backups.store.endpoint.group.name}, in the same cluster",
                merged.span((*PATH, "type")),
                subject=f"{settings.environment.name}{ENVIRONMENT_END}{DatabaseBackups.slot}",
                hint="keep them where they survive the cluster, such as `type: s3`",
            )
