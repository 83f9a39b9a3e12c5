"""Scripts are in the package that uses them."""

from __future__ import annotations

from pathlib import Path

import pytest

from floe_compiler.kit.scripts import script
from tables import table

PACKAGE = Path(__file__).parents[2] / "compiler" / "floe_compiler"
SCRIPTS = sorted(path for path in PACKAGE.rglob("*.sh") if path.is_file())


@table("path", SCRIPTS, ids=lambda path: str(path.name))
def test_a_script_is_found_in_its_package(path: Path) -> None:
    package = ".".join(("floe_compiler", *path.parent.relative_to(PACKAGE).parts))
    assert script(package, path.name) == path.read_text("utf-8")


def test_a_script_of_another_package_is_refused() -> None:
    with pytest.raises(FileNotFoundError):
        script("floe_compiler.components.catalog_polaris", "minio-buckets.sh")
