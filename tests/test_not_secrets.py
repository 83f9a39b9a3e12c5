"""A value that only looks like a secret compiles once the product declares it, whatever runs it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from floe_compiler.cli import main
from small_mesh import MANIFEST, PRODUCT, small_mesh

VALUE = "q8Zr2LmX0vTn4KpS7wYd1HcB"
OTHER = "Jd93kfLQw82nZpVx6Tb0RmYs"


def compiled(root: Path, orchestrator: str, values: dict[str, Any], not_secrets: dict[str, str]) -> int:
    steps = [{"name": "transform", "type": "dbt", "variables": values}]
    product = {"steps": steps, "not_secrets": not_secrets}
    small_mesh(root, {PRODUCT: product, MANIFEST: {"orchestrator": {"type": orchestrator}}})
    return main(["compile", "--root", str(root), "--quiet"])


@pytest.mark.parametrize("orchestrator", ["kubernetes", "dagster"])
def test_a_declared_false_alarm_compiles(orchestrator: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert compiled(tmp_path, orchestrator, {"SESSION_TOKEN": VALUE}, {"SESSION_TOKEN": "an id of a table"}) == 0
    assert capsys.readouterr().err == ""
    texts = [path.read_text(encoding="utf-8") for path in (tmp_path / "output").rglob("*.yaml")]
    assert any(VALUE in text for text in texts)


def test_other_secrets_of_the_product_are_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    values = {"SESSION_TOKEN": VALUE, "API_TOKEN": OTHER}
    assert compiled(tmp_path, "kubernetes", values, {"SESSION_TOKEN": "an id of a table"}) == 1
    printed = capsys.readouterr().err
    assert "variables.API_TOKEN looks like the value of a secret" in printed
    assert OTHER not in printed
