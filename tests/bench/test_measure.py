"""The benchmark measures programs correctly; no test depends on how long one takes."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

import pytest

from bench.kustomize import kustomize_commands
from bench.measure import _KIB, cost_of

CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n"


def test_the_memory_of_several_commands_is_that_of_the_largest() -> None:
    # Until a process has begun its own program, it counts as large as the one that started it.
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // _KIB // 1024 + 100
    small, large = ([sys.executable, "-c", f"b'x' * ({size} << 20)"] for size in (1, most))
    assert cost_of([small]).peak_mib < most <= cost_of([large, small]).peak_mib < most + 100


def test_a_failing_command_ends_the_benchmark_with_its_output() -> None:
    with pytest.raises(SystemExit, match="no such mesh"):
        cost_of([[sys.executable, "-c", "import sys; sys.exit('no such mesh')"]])


def test_sources_are_not_compiled_in_each_run() -> None:
    """Some environments tell Python not to keep bytecode, and this may be one."""
    cost_of([[sys.executable, "-c", "import sys; sys.exit(sys.dont_write_bytecode)"]])


def test_kustomize_builds_each_folder_of_the_output(tmp_path: Path) -> None:
    for folder in ("dev/floe-platform", "prod/floe-platform"):
        path = tmp_path / "output" / folder
        path.mkdir(parents=True)
        path.joinpath("configmap_settings.yaml").write_text(CONFIG_MAP.format(name="settings"))
    commands = kustomize_commands(tmp_path / "output", tmp_path / "copy")
    assert [Path(command[-1]).relative_to(tmp_path).as_posix() for command in commands] == [
        "copy/dev/floe-platform",
        "copy/prod/floe-platform",
    ]
    cost_of(commands)
