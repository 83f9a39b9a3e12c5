"""Pods that restart when their configuration changes."""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.check.index import Index
from floe_compiler.model.configuration import CONFIG_HASH, config_hash, contents_read
from floe_compiler.model.diagnostics import Diagnostic, Rule

HINT = f'write {CONFIG_HASH}: "" there: the compiler puts the hash in its place'
MISSING = Rule(
    "C140",
    "pods that keep their old configuration",
    "A pod template that reads a ConfigMap carries a hash of it as annotation floe.dev/config-hash: without it, pods "
    "run on with what they read when they started.",
)
RULES = (MISSING,)


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield the workloads that read a rendered ConfigMap without its hash; tasks read theirs anew each time."""
    config_maps = {identity.name: manifest for identity, manifest in index.of("", "ConfigMap")}
    for workload in index.workloads.values():
        read = {} if workload.is_task else contents_read(index.references[workload.id], config_maps)
        found = workload.annotations.get(CONFIG_HASH)
        if not read or found == config_hash(read):
            continue
        place, names = workload.at("metadata.annotations"), ", ".join(sorted(read))
        if found is None:
            message = f"{place} lacks {CONFIG_HASH}, but it reads {names}"
        else:
            message = f"{place}[{CONFIG_HASH}] is not the hash of what it reads of {names}"
        yield index.finding(MISSING, workload.id, message, HINT)
