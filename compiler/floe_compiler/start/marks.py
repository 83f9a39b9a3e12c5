"""The lines of new files that have a value which only their owner knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from floe_compiler.start.documents import YOURS


def marked(files: Mapping[str, str]) -> Iterator[str]:
    """Yield `file:line: what belongs there` for each marked line."""
    for file, text in files.items():
        if file.endswith(".md") or YOURS not in text:
            continue
        for number, line in enumerate(text.splitlines(), start=1):
            if not line.lstrip().startswith("#") and YOURS in line:
                yield f"{file}:{number}: {line.partition(YOURS)[2].strip()}"
