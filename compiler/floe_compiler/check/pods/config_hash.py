"""Pods must restart when their configuration changes."""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.check.index import Index
from floe_compiler.model.configuration import CONFIG_HASH, config_hash, contents_read
from floe_compiler.model.diagnostics import Diagnostic, Rule

HINT = f'write {CONFIG_HASH}: "" there; the compiler replaces it with the hash'
MISSING = Rule(
    "C140",
    "pods that keep an old configuration",
    "A pod template that reads a ConfigMap needs its hash in the annotation floe.dev/config-hash. Without it, pods "
    "keep running with the configuration that they started with.",
)
RULES = (MISSING,)


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield the workloads that read a rendered ConfigMap but lack its hash; tasks read it in each run."""
    config_maps = {identity.name: manifest for identity, manifest in index.of("", "ConfigMap")}
    for workload in index.workloads.values():
        read = {} if workload.is_task else contents_read(index.references[workload], config_maps)
        written = workload.annotations.get(CONFIG_HASH)
        theirs = read.keys() <= index.rendered.existing_config_maps
        if not read or written == config_hash(read) or (theirs and written is None):
            continue
        place, names = workload.at("metadata.annotations"), ", ".join(sorted(read))
        if written is None:
            message = f"{place} lacks {CONFIG_HASH}, but it reads {names}"
        else:
            message = f"{place}[{CONFIG_HASH}] is not the hash of what it reads from {names}"
        yield index.finding(MISSING, workload.id, message, HINT)
