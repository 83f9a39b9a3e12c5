"""Backups of databases: removed, suspended, rarer, untested, sent to another place, or kept for a shorter time.

A backup is a CronJob with the label `floe.dev/backup`, whose containers have its place and its retention as variables
(`kit/backups`), or a ScheduledBackup of CloudNativePG with its ObjectStore.
"""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.model.durations import format_duration
from floe_compiler.model.nested_fields import at, mappings
from floe_compiler.model.objects import Object
from floe_compiler.model.schedule_gaps import longest_gap
from floe_compiler.model.schedules import check_schedule
from floe_compiler.report.dangers.danger import Change, Danger, containers

LABEL = "floe.dev/backup"
TEST = "floe.dev/restore-test"
_DAYS = "d"


def is_backup(manifest: Object) -> bool:
    """Return whether an object makes backups by a schedule."""
    labelled = at(manifest, ("metadata", "labels", LABEL)) is not None
    return bool(manifest) and (manifest.get("kind") == "ScheduledBackup" or labelled)


def is_restore_test(manifest: Object) -> bool:
    """Return whether an object restores a backup by a schedule, to see that it can be."""
    return at(manifest, ("metadata", "labels", TEST)) is not None


def backup_removed(change: Change) -> Iterator[Danger]:
    """Yield a danger if a database is no longer backed up by a schedule."""
    if is_backup(change.before) and not _suspended(change.before):
        if not is_backup(change.after):
            yield Danger("backup-removed", "is gone; its database is no longer backed up")
        elif _suspended(change.after):
            yield Danger("backup-removed", "is suspended; its database is no longer backed up")


def backup_rarer(change: Change) -> Iterator[Danger]:
    """Yield a danger if a database is backed up less often."""
    if is_backup(change.before) and is_backup(change.after) and not _suspended(change.after):
        old, new = _gap(change.before), _gap(change.after)
        if old and new and new > old:
            yield Danger(
                "backup-rarer",
                f"the last backup is up to {format_duration(new)} old, instead of {format_duration(old)}",
            )


def restore_test_removed(change: Change) -> Iterator[Danger]:
    """Yield a danger if backups are still made, but no longer restored in a test, or less often."""
    database = at(change.before, ("metadata", "labels", TEST))
    if database is None or not any(_backs_up(manifest, str(database)) for manifest in change.beside):
        return
    if not change.after or _suspended(change.after):
        yield Danger("backup-untested", "nothing tests any longer whether the backup can be restored")
    elif (old := _gap(change.before)) and (new := _gap(change.after)) and new > old:
        yield Danger(
            "backup-untested",
            f"the backup is restored in a test every {format_duration(new)} at most, not {format_duration(old)}",
        )


def log_not_sent(change: Change) -> Iterator[Danger]:
    """Yield a danger if a cluster of CloudNativePG no longer sends its log of changes anywhere."""
    if change.kind == "Cluster" and change.after and _sends_log(change.before) and not _sends_log(change.after):
        yield Danger("backup-removed", "no longer sends its log of changes: what follows the last backup can be lost")


def _sends_log(cluster: Object) -> bool:
    plugins = mappings(cluster, ("spec", "plugins"))
    return any(plugin.get("isWALArchiver") is True and plugin.get("enabled") is not False for plugin in plugins)


def _backs_up(manifest: Object, database: str) -> bool:
    own = manifest.get("kind") == "ScheduledBackup" and at(manifest, ("metadata", "name")) == database
    return (own or at(manifest, ("metadata", "labels", LABEL)) == database) and not _suspended(manifest)


def _gap(manifest: Object) -> int:
    """Return the most seconds between two runs; 0 if that is not known."""
    schedule = str(at(manifest, ("spec", "schedule")) or "")
    if manifest.get("kind") == "ScheduledBackup" and not schedule.startswith("@"):
        schedule = schedule.partition(" ")[2]  # its first field is for seconds
    try:
        return longest_gap(check_schedule(schedule))
    except ValueError:  # written by hand
        return 0


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
    old, new = _place(change.before or change.former), _place(change.after)
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
    variables = (variable for container in containers(manifest).values() for variable in mappings(container, ("env",)))
    return next((str(variable.get("value") or "") for variable in variables if variable.get("name") == name), "")
