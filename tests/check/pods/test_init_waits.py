"""Waits of init containers."""

from __future__ import annotations

from check.samples import container, sample
from floe_compiler.check.pods.init_waits import check
from tables import table


@table(
    "script, fine",
    [
        ("until nc -z postgres 5432; do sleep 2; done", False),
        ("set -e\nwhile ! pg_isready -h postgres\ndo sleep 1; done", False),
        ("echo x; until curl -f http://x; do sleep 1; done", False),
        ("for i in $(seq 60); do pg_isready && exit 0; sleep 2; done; exit 1", True),
        ("i=0; until pg_isready; do i=$((i+1)); [ $i -lt 60 ] || exit 1; sleep 2; done", True),
        ("timeout 120 sh -c 'until pg_isready; do sleep 2; done'", True),
        ("cat hosts | while read host; do echo $host; done", True),
        ("cat hosts | while IFS= read -r host; do echo $host; done", True),
        ("echo wait until the server is up", True),
        ("echo done", True),
    ],
)
def test_endless_loops_of_init_containers_are_reported(script: str, fine: bool) -> None:
    platform = sample()
    platform.pod("Deployment/dagster")["initContainers"] = [container("wait", command=["sh", "-c", script])]
    message = "spec.template.spec.initContainers[wait].command has a loop without an end"
    expected = [("C116", "Deployment.apps floe-platform/dagster", message)]
    assert platform.findings(check) == ([] if fine else expected)


def test_the_deadline_of_a_job_ends_its_loops() -> None:
    platform = sample()
    loop = container("wait", args=["until nc -z postgres 5432; do sleep 2; done"])
    platform.pod("CronJob/backup")["initContainers"] = [loop]
    assert platform.findings(check) == []
    del platform["CronJob/backup"]["spec"]["jobTemplate"]["spec"]["activeDeadlineSeconds"]
    assert [code for code, _, _ in platform.findings(check)] == ["C116"]


def test_a_main_container_may_loop_forever() -> None:
    platform = sample()
    platform.container("Deployment/dagster")["command"] = ["sh", "-c", "while true; do serve; done"]
    assert platform.findings(check) == []
