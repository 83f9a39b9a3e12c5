"""Lines of an output file with their origins."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from floe_compiler.model.document import DataPath
from floe_compiler.model.explanation import FIXED, Cause, Explanation
from floe_compiler.model.objects import identify
from floe_compiler.model.span import Span
from floe_compiler.model.yaml_text import to_yaml
from floe_compiler.report.blame import blame_json, blame_line, blame_text, nearest_cause
from floe_compiler.report.blamed_lines import blamed_lines
from floe_compiler.report.terminal import colourful, plain

ORDERS = Cause("schedule.cron", Span("domains/sales/products/orders.yaml", 9, 9))
SCALE = Cause("scale", Span("overlays/dev/environment.yaml", 7, 8), (("2", None),))
NAME = Cause("metadata.name", Span("platform-manifest.yaml", 4, 9))
DEFAULT = Cause("default of retries (product)")

MAP: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "orders", "namespace": "sales", "labels": {"tier": "gold", "part": "gold"}},
    "data": {"job.json": '{\n  "cron": "0 6 * * *",\n\n  "retries": 0\n}\n', "list": "x"},
}
TEXT: DataPath = ("data", "job.json")


def explained(
    manifest: dict[str, Any],
    causes: dict[DataPath, tuple[Cause, ...]],
    lines: dict[DataPath, tuple[tuple[Cause, ...], ...]] | None = None,
) -> Explanation:
    values = tuple((path, _at(manifest, path), cause) for path, cause in causes.items())
    text = to_yaml(manifest)
    return Explanation(identify(manifest), manifest, "m.yaml:3:1", (), values, lines=lines or {}, text=text)


def _at(manifest: Any, path: DataPath) -> Any:
    for step in path:
        manifest = manifest[step]
    return manifest


EXPLAINED = explained(
    MAP,
    {
        ("apiVersion",): (FIXED,),
        ("kind",): (FIXED,),
        ("metadata", "name"): (ORDERS,),
        ("metadata", "namespace"): (NAME,),
        ("metadata", "labels", "part"): (NAME, SCALE),
        ("metadata", "labels", "tier"): (SCALE,),
        TEXT: (ORDERS, DEFAULT),
        ("data", "list"): (DEFAULT,),
    },
    {TEXT: ((FIXED,), (ORDERS,), (FIXED,), (DEFAULT,), (FIXED,))},
)


def test_every_line_has_its_origin() -> None:
    lines = {line.text.strip(): line for line in blamed_lines(EXPLAINED)}
    assert "\n".join(line.text for line in blamed_lines(EXPLAINED)) + "\n" == EXPLAINED.text
    assert lines["name: orders"].causes == (ORDERS,)
    assert lines["labels:"].causes == (SCALE,), "all values below have it in common"
    assert lines["metadata:"].causes == ()
    assert lines['"cron": "0 6 * * *",'].causes == (ORDERS,)
    assert lines['"retries": 0'].causes == (DEFAULT,)
    assert lines["job.json: |"].causes == (ORDERS, DEFAULT)


def test_columns_mark_the_value() -> None:
    for line in blamed_lines(EXPLAINED):
        marked = line.text[line.start - 1 : line.end - 1].strip()
        assert marked in ("", "|", *line.text.split(": ")[1:], line.text.strip().rstrip(":"), line.text.strip())
    (name,) = (line for line in blamed_lines(EXPLAINED) if line.path == "metadata.name")
    assert (name.text, name.start, name.end) == ("  name: orders", 9, 15)


def test_columns_are_aligned_and_the_nearest_input_is_shown() -> None:
    first, origin, empty, *rows = blame_text(EXPLAINED, blamed_lines(EXPLAINED), plain).splitlines()
    assert (first, origin, empty) == ("ConfigMap sales/orders", "asked for by m.yaml:3:1", "")
    assert rows[0] == f"{'(fixed)':36}     1  apiVersion: v1"
    assert rows[3] == f"{'domains/sales/products/orders.yaml:9':36}     4    name: orders"
    assert rows[6] == f"{'overlays/dev/environment.yaml:7':36} +1  7      part: gold"
    assert nearest_cause((DEFAULT, NAME, SCALE, ORDERS)) == ORDERS


def test_colours_are_beside_the_text() -> None:
    coloured = blame_text(EXPLAINED, blamed_lines(EXPLAINED), colourful)
    assert "\x1b[33mdomains/sales/products/orders.yaml:9\x1b[0m" in coloured


def test_one_line_has_all_causes() -> None:
    line = next(line for line in blamed_lines(EXPLAINED) if line.path.endswith(".part"))
    assert blame_line(line, plain) == (
        "part: gold\nmetadata.labels.part\n    platform-manifest.yaml:4:9: metadata.name\n"
        "    overlays/dev/environment.yaml:7:8: scale\n        overrides 2 of the scale\n"
    )


def test_json_has_the_same_for_editors() -> None:
    document = json.loads(blame_json(EXPLAINED, blamed_lines(EXPLAINED)))
    assert document["format"] == 1
    name_line = next(line for line in document["lines"] if line["path"] == "metadata.name")
    assert {key: name_line[key] for key in ("line", "column", "end")} == {"line": 4, "column": 9, "end": 15}
    assert name_line["causes"] == [
        {"what": "schedule.cron", "at": "domains/sales/products/orders.yaml:9:9", "overrides": []}
    ]


def test_no_secret_is_shown() -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "data": {"a": "aHVudGVyMg=="}}
    text = "user: me\npassword: hunter2\n"
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"a": text, "token": text}}
    for manifest in (secret, config):
        explained_ = explained(manifest, {("data", key): (FIXED,) for key in manifest["data"]})
        output = blame_text(explained_, blamed_lines(explained_), plain) + blame_json(
            explained_, blamed_lines(explained_)
        )
        assert "hunter2" not in output
        assert "aHVudGVyMg" not in output
        assert "***" in output
    assert "    user: me\n" in blame_text(explained_, blamed_lines(explained_), plain), "the rest stays"


def test_control_characters_do_not_reach_a_terminal() -> None:
    explained_ = explained(MAP, {("kind",): (Cause("\x1b[31mred"),)})
    assert "\x1b" not in blame_text(explained_, blamed_lines(explained_), plain)


def test_lines_of_a_chart_have_the_place_in_its_template() -> None:
    template = Span("vendor/charts/web/1.0.0/templates/a.yaml", 2, 1)
    of_chart = msgspec.structs.replace(EXPLAINED, template=template)
    lines = blamed_lines(of_chart)
    assert blame_text(of_chart, lines, plain).splitlines()[2] == f"from the template {template}"
    assert json.loads(blame_json(of_chart, lines))["template"] == str(template)
    assert "template" not in json.loads(blame_json(EXPLAINED, lines))
