"""Init containers must not wait forever."""

from __future__ import annotations

import re
from collections.abc import Iterator

from floe_compiler.check.index import Index
from floe_compiler.check.texts.texts import container_texts
from floe_compiler.model.diagnostics import Diagnostic, Rule

ENDLESS = Rule(
    "C116",
    "endless wait",
    "An init container waits in an endless loop, so if the server never comes up, the pod hangs without an error. "
    'Limit the attempts, as in "for attempt in $(seq 60)".',
)
RULES = (ENDLESS,)

_LOOP = re.compile(r"(?:^|[\s;&|(])(?:until|while)\s.*?[;\n]\s*do\b", re.DOTALL)
# These loops end: `while read` ends with its input, a comparison limits the attempts, and `timeout` kills.
_BOUND = re.compile(r"\bwhile\s+(?:IFS=\S*\s+)?read\b|\s-(?:eq|ge|gt|le|lt|ne)\s|\bseq\b|\btimeout\b|\bSECONDS\b|\(\(")


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield the init containers that may wait forever, except those of Jobs, which have a deadline."""
    for workload in index.workloads.values():
        if "activeDeadlineSeconds" in workload.job:
            continue
        for container in workload.containers:
            if container.role == "init":
                for text in container_texts(workload.id, container):
                    if _LOOP.search(text.text) and not _BOUND.search(text.text):
                        yield index.finding(
                            ENDLESS,
                            workload.id,
                            f"{text.place} has a loop without an end",
                            "limit the attempts, as in: for attempt in $(seq 60)",
                        )
