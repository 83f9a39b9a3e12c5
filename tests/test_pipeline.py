"""How the stages are run together."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from floe_compiler.model.diagnostics import StageFailed
from floe_compiler.pipeline import compile_mesh
from small_mesh import ENVIRONMENT, small_mesh


def test_cycles_are_looked_for_again_after_compiling_but_not_meanwhile(tmp_path: Path) -> None:
    meanwhile: set[bool] = set()
    compile_mesh(small_mesh(tmp_path, {}), progress=lambda _: meanwhile.add(gc.isenabled()))
    assert meanwhile == {False}
    assert gc.isenabled()


def test_cycles_are_looked_for_again_after_a_failure(tmp_path: Path) -> None:
    with pytest.raises(StageFailed):
        compile_mesh(small_mesh(tmp_path, {ENVIRONMENT: {"kind": "Enviroment"}}))
    assert gc.isenabled()
