"""Init containers with endless loops."""

from __future__ import annotations

import re
from collections.abc import Iterator

from floe_compiler.check.index import Index
from floe_compiler.check.texts.texts import container_texts
from floe_compiler.model.diagnostics import Diagnostic, Rule

ENDLESS = Rule(
    "C116",
    "endless wait",
    "An init container waits in an endless loop, so a pod whose server never comes up hangs without an error. "
    'Count the attempts, as in "for attempt in $(seq 60)".',
)
RULES = (ENDLESS,)

_LOOP = re.compile(r"(?:^|[\s;&|(])(?:until|while)\s.*?[;\n]\s*do\b", re.DOTALL)
# `while read` ends with its input; a comparison counts; `timeout` kills.
_BOUND = re.compile(r"\bwhile\s+(?:IFS=\S*\s+)?read\b|\s-(?:eq|ge|gt|le|lt|ne)\s|\bseq\b|\btimeout\b|\bSECONDS\b|\(\(")


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield the init containers that may wait forever; a Job's deadline ends its own."""
    for workload in index.workloads.values():
        if "activeDeadlineSeconds" in workload.job:
            continue
        for container in workload.containers:
            if container.role == "init":
                for text in container_texts(workload.id, container):
                    if _LOOP.search(text.text) and not _BOUND.search(text.text):
                        yield index.finding(ENDLESS, workload.id, f"{text.place} has a loop without an end")
