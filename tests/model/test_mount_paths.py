"""Paths at which users may mount a volume into a step."""

from __future__ import annotations

import pytest

from floe_compiler.kit.products import dbt, steps
from floe_compiler.model.mount_paths import check_mount_path
from tables import table


@pytest.mark.parametrize(
    "path", ["/data/reference", "/data", "/etc/tables", "/etc/ssl/acme", "/mnt/x", "/home/app/keys"]
)
def test_free_paths_are_accepted(path: str) -> None:
    assert check_mount_path(path) == path


@table(
    "path, message",
    [
        ("data", "is not the absolute path of a folder"),
        ("/data/", "is not the absolute path"),
        ("/data/../etc", "is not the absolute path"),
        ("//data", "is not the absolute path"),
        ("/a:b", "is not the absolute path"),
        ("/", "is in the way of /bin"),
        ("/etc", "is in the way of /etc/dbt"),
        ("/tmp", "is in the way of /tmp"),
        ("/tmp/x", "is in the way of /tmp"),
        ("/var", "is in the way of /var/duckdb"),
        ("/run", "is in the way of /run/secrets"),
        ("/usr/lib/python", "is in the way of /usr"),
        ("/proc/1", "is in the way of /proc"),
        (f"{dbt.FOLDER}/x", "is in the way of /etc/dbt"),
        (steps.REPORT_QUALITY.path, "is in the way of /etc/soda"),
    ],
)
def test_reserved_paths_are_refused(path: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_mount_path(path)
