"""Fixtures of the overlay stage's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from overlay.overlay_mesh import Mesh


@pytest.fixture
def mesh(tmp_path: Path) -> Mesh:
    return Mesh(tmp_path)
