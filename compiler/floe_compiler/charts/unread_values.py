"""Values of an entry that no template of its chart reads: helm takes any key, so one that is misspelt has no effect."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set
from typing import Any

import msgspec

from floe_compiler.charts.rules import UNREAD_VALUE
from floe_compiler.model.charts import ChartUse
from floe_compiler.model.diagnostics import Findings, nearest
from floe_compiler.model.nested_fields import mapping, mappings

_READ = re.compile(r"\.Values\b(?:\.(\w+))?")
_GLOBAL = "global"
"""What helm hands to all charts within a chart."""


def check_values(use: ChartUse, files: Mapping[str, bytes], findings: Findings) -> None:
    """Add a warning for each top-level key of the values which the chart does not know, and which is like one it knows.

    Args:
        use: The entry.
        files: The files of the chart.
        findings: The warnings are added here.
    """
    known = _known(files, use.values)
    if known is None:
        return
    for key in sorted(msgspec.json.decode(use.values).keys() - known):
        if hint := nearest(key, known):
            message = f"the chart {use.version} reads no value {key}"
            findings.add(UNREAD_VALUE, message, use.places.get(key, use.origin), hint=hint)


def _known(files: Mapping[str, bytes], values: bytes) -> Set[str] | None:
    """Return the top-level keys that a chart knows; None if it reads its values as a whole, and so perhaps any."""
    texts = [content.decode(errors="replace") for content in (*files.values(), values)]
    read = {key for text in texts for key in _READ.findall(text)}
    if "" in read:
        return None
    schema = _parsed(files.get("values.schema.json", b""))
    return {_GLOBAL, *read, *_parsed(files.get("values.yaml", b"")), *mapping(schema, ("properties",)), *_parts(files)}


def _parts(files: Mapping[str, bytes]) -> Iterator[str]:
    """Yield the names of the charts within a chart, whose values are under them."""
    for part in mappings(_parsed(files.get("Chart.yaml", b"")), ("dependencies",)):
        yield from (str(part[key]) for key in ("name", "alias") if key in part)
        for path in str(part.get("condition", "")).split(","):
            yield path.strip().partition(".")[0]
    for path in files:
        folder, _, rest = path.partition("/")
        if folder == "charts" and rest:
            yield rest.partition("/")[0]


def _parsed(content: bytes) -> dict[str, Any]:
    """Return a mapping in YAML or JSON; an empty one if the text is something else."""
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        values = yaml.load(content, Loader=loader)  # noqa: S506 - a safe loader
    except yaml.YAMLError:
        return {}
    return values if isinstance(values, dict) else {}
