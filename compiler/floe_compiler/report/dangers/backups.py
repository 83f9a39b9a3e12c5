"""Backups of databases: removed, suspended, sent to another place, or kept for a shorter time.

A backup is a CronJob with the label `floe.dev/backup`, whose containers have its place and its retention as variables
(`kit/backups`), or a ScheduledBackup of CloudNativePG with its ObjectStore.
"""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.model.nested_fields import at, mappings
from floe_compiler.model.objects import Object
from floe_compiler.report.dangers.danger import Change, Danger, containers

LABEL = "floe.dev/backup"
_DAYS = "d"


def is_backup(manifest: Object) -> bool:
    """Return whether an object makes backups by a schedule."""
    labelled = at(manifest, ("metadata", "labels", LABEL)) is not None
    return bool(manifest) and (manifest.get("kind") == "ScheduledBackup" or labelled)


def backup_removed(change: Change) -> Iterator[Danger]:
    """Yield a danger if a database is no longer backed up by a schedule."""
    if is_backup(change.before) and not _suspended(change.before):
        if not is_backup(change.after):
            yield Danger("backup-removed", "is gone; its database is no longer backed up")
        elif _suspended(change.after):
            yield Danger("backup-removed", "is suspended; its database is no longer backed up")


def retention_shortened(change: Change) -> Iterator[Danger]:
    """Yield a danger if backups are deleted earlier than before."""
    old, new = _days(change.before), _days(change.after)
    if _holds_retention(change.before) and new is not None and (old is None or new < old):
        former = "never" if old is None else f"after {old}"
        yield Danger(
            "data-loss", f"backups are deleted after {new} {'day' if new == 1 else 'days'}; until now {former}"
        )


def backup_moved(change: Change) -> Iterator[Danger]:
    """Yield a danger if backups go to another place, where a restore does not find the earlier ones."""
    old, new = _place(change.before), _place(change.after)
    if old and new and old != new:
        yield Danger("data-moved", f"backups go to {new}, but the earlier ones stay in {old}")


def _holds_retention(manifest: Object) -> bool:
    return manifest.get("kind") in ("CronJob", "ObjectStore")


def _suspended(manifest: Object) -> bool:
    return at(manifest, ("spec", "suspend")) is True


def _days(manifest: Object) -> int | None:
    """Return for how many days backups are kept; None if nothing deletes them."""
    text = str(at(manifest, ("spec", "retentionPolicy")) or _variable(manifest, "RETENTION"))
    number = text.removesuffix(_DAYS)
    return int(number) if number != text and number.isdecimal() else None


def _place(manifest: Object) -> str:
    if manifest.get("kind") == "ObjectStore":
        return str(at(manifest, ("spec", "configuration", "destinationPath")) or "")
    address = _variable(manifest, "RCLONE_CONFIG_STORE_ENDPOINT") or _variable(manifest, "RCLONE_CONFIG_STORE_ACCOUNT")
    place = _variable(manifest, "DESTINATION")
    return f"{place} at {address}" if place and address else place


def _variable(manifest: Object, name: str) -> str:
    if not is_backup(manifest):
        return ""
    variables = (one for each in containers(manifest).values() for one in mappings(each, ("env",)))
    return next((str(one.get("value") or "") for one in variables if one.get("name") == name), "")
