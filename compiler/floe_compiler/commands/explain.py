"""`floe-compile explain`: the written value that each value of an output file comes from."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable
from typing import TYPE_CHECKING

from floe_compiler.commands.exit_codes import DONE, UsageError
from floe_compiler.commands.options import add_cache, add_common
from floe_compiler.commands.output_file import explained, split_place
from floe_compiler.commands.output_folder import add_output
from floe_compiler.model.diagnostics import nearest

if TYPE_CHECKING:
    from floe_compiler.model.document import DataPath
    from floe_compiler.model.explanation import Cause, Explanation
    from floe_compiler.model.objects import Object
    from floe_compiler.model.span import Span

EXAMPLES = """\
examples:
  floe-compile explain output/prod/floe-platform/deployment.apps_polaris.yaml
  floe-compile explain output/prod/floe-platform/deployment.apps_polaris.yaml:spec.replicas
"""


def configure(parser: ArgumentParser) -> None:
    """Add the options."""
    parser.epilog = EXAMPLES
    parser.add_argument(
        "place", metavar="FILE[:PATH]", help="a file under output/, and a path in it such as spec.replicas"
    )
    add_common(parser, ("text", "json"))
    add_output(parser)
    add_cache(parser)


def run(options: Namespace) -> int:
    """Explain one file, or the values below one path of it."""
    from floe_compiler.report.field_paths import show_field

    file, path = split_place(options.place)
    explanation = explained(file, options)
    rows = [
        (show_field(at, explanation.manifest), _shown(at, value, explanation), causes)
        for at, value, causes in explanation.values
        if any(_below(spelt, path) for spelt in _spellings(at, explanation.manifest))
    ]
    removed = [(place, span) for place, span in explanation.removed if _below(place, path)]
    if not rows and not removed:
        paths = {show_field(at, explanation.manifest) for at, _, _ in explanation.values}
        raise UsageError("; ".join(filter(None, (f"{file} has nothing at {path}", nearest(path, paths)))))
    show = _json if options.format == "json" else _text
    sys.stdout.write(show(explanation, rows, removed))
    return DONE


def _shown(at: DataPath, value: object, explanation: Explanation) -> object:
    """Return a value, hidden if it may be that of a secret."""
    from floe_compiler.model.data_paths import labels
    from floe_compiler.report.secrecy import hide_object

    return hide_object(value, explanation.identity.kind, labels(at, explanation.manifest))


def _spellings(at: DataPath, manifest: Object) -> tuple[str, ...]:
    """Return the ways to write a path: as in differences, as in errors, and with the numbers of list items."""
    from floe_compiler.model.data_paths import show_place
    from floe_compiler.model.document import show_path
    from floe_compiler.report.field_paths import show_field

    return show_field(at, manifest), show_place(at, manifest), show_path(at)


def _below(at: str, path: str) -> bool:
    return not path or at == path or at.startswith((f"{path}.", f"{path}["))


Rows = Iterable[tuple[str, object, "tuple[Cause, ...]"]]


def _text(explanation: Explanation, rows: Rows, removed: Iterable[tuple[str, Span]]) -> str:
    from json import dumps

    from floe_compiler.report.secrecy import hide_in_text
    from floe_compiler.report.terminal import visible

    lines = [f"{explanation.identity}", f"  asked for by {explanation.asked_by}"]
    lines += [f"  from the template {explanation.template}"] if explanation.template else []
    lines += [f"  changed by the patch {patch}" for patch in explanation.patches] + [""]
    for at, value, causes in rows:
        shown = dumps(value, ensure_ascii=False)
        lines.append(f"{at}: {shown if len(shown) <= 100 else shown[:97] + '...'}")
        for cause in causes:
            lines.append(f"    {cause.span}: {cause.description}" if cause.span else f"    {cause.description}")
            lines += [
                f"        overrides {hide_in_text(weaker)} of {span or 'the scale'}" for weaker, span in cause.overrides
            ]
    lines += [line for place, span in removed for line in (f"{place}: (none)", f"    {span}: removed by a patch")]
    return visible("\n".join(lines)) + "\n"


def _json(explanation: Explanation, rows: Rows, removed: Iterable[tuple[str, Span]]) -> str:
    from floe_compiler.report.causes import causes_data
    from floe_compiler.report.json_text import json_text

    values = [
        {
            "path": at,
            "value": value,
            "causes": causes_data(causes),
        }
        for at, value, causes in rows
    ]
    document = {
        "object": str(explanation.identity),
        "asked_by": explanation.asked_by,
        **({"template": str(explanation.template)} if explanation.template else {}),
        "patches": [str(patch) for patch in explanation.patches],
        "values": values,
        "removed": [{"path": place, "at": str(span)} for place, span in removed],
    }
    return json_text(document)
