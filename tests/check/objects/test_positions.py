"""Finding marked places by schema."""

from __future__ import annotations

from typing import Any

from floe_compiler.check.objects.positions import PositionFinder
from floe_compiler.model.kubernetes_schemas import KubernetesSchemas

REFERENCE = "#/$defs/"
SCHEMAS = KubernetesSchemas(
    {
        "$defs": {
            "Amount": {"type": "string"},
            "Box": {
                "properties": {
                    "size": {"$ref": f"{REFERENCE}Amount"},
                    "sizes": {"additionalProperties": {"$ref": f"{REFERENCE}Amount"}},
                    "inner": {"$ref": f"{REFERENCE}Box"},
                    "lids": {"items": {"$ref": f"{REFERENCE}Lid"}},
                    "colour": {"type": "string"},
                }
            },
            "Lid": {"properties": {"size": {"$ref": f"{REFERENCE}Amount"}}},
        }
    },
    {("v1", "Box"): "Box"},
)


def positions(value: dict[str, Any]) -> list[tuple[tuple[str | int, ...], Any]]:
    finder = PositionFinder(SCHEMAS, lambda schema: schema.get("$ref") == f"{REFERENCE}Amount")
    return [(path, item) for path, item, _ in finder.of("v1", "Box").find(value)]


def test_only_marked_places_are_found() -> None:
    box = {"size": "1", "sizes": {"a": "2", "b": "3"}, "lids": [{"size": "4"}, {}], "colour": "5"}
    assert positions(box) == [
        (("size",), "1"),
        (("sizes", "a"), "2"),
        (("sizes", "b"), "3"),
        (("lids", 0, "size"), "4"),
    ]


def test_a_recursive_definition_ends() -> None:
    assert (("size",), "1") in positions({"size": "1", "inner": {"inner": {"size": "2"}}})


def test_other_kinds_have_no_positions() -> None:
    finder = PositionFinder(SCHEMAS, lambda schema: True)
    assert list(finder.of("v2", "Box").find({"size": "1"})) == []
