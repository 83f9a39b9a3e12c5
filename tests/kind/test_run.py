"""The script of `make kind`, with fakes of docker, kind, kubectl and helm that only record their calls."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = """#!/usr/bin/env bash
name=${0##*/}
echo "$name $* [${KUBECONFIG:-none}]" >> "$CALLS"
case "$name $*" in
  *"$FAILING"*) exit 9 ;;
  "kind get clusters") echo "$EXISTING" ;;
  "kubectl get namespaces --selector floe.dev/scope=platform"*) echo floe-platform ;;
  "kubectl get namespaces"*) printf 'floe-finance-domain\\nfloe-sales-domain\\n' ;;
  "kubectl get deployments"*) echo deployment.apps/web ;;
  "kubectl get jobs"*) echo job.batch/run ;;
  "kubectl get pods --all-namespaces --no-headers") printf 'a good 2/2 Running\\na sick 0/1 CrashLoopBackOff\\n' ;;
esac
"""


class Run:
    """One run of the script, and what it called."""

    def __init__(self, folder: Path, *, failing: str = "never", existing: str = "other", **variables: str) -> None:
        self.folder = folder
        programs = folder / "programs"
        programs.mkdir()
        for name in ("docker", "kind", "kubectl", "helm"):
            (programs / name).write_text(PROGRAM)
            (programs / name).chmod(0o755)
        log = folder / "calls"
        log.touch()
        environment = {
            "PATH": f"{programs}:{os.environ['PATH']}",
            "HOME": str(folder),
            "TMPDIR": str(folder),
            "CALLS": str(log),
            "FAILING": failing,
            "EXISTING": existing,
            "KUBECONFIG": "/somebodys/own",
            **variables,
        }
        script = ROOT / "tests" / "kind" / "run.sh"
        done = subprocess.run([script], env=environment, capture_output=True, text=True, timeout=60, check=False)
        self.code, self.output = done.returncode, done.stdout + done.stderr
        self.calls = log.read_text().splitlines()

    def position(self, text: str) -> int:
        positions = [number for number, call in enumerate(self.calls) if text in call]
        assert positions, f"nothing called {text}: {self.calls}"
        return positions[0]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a run in which nothing goes wrong."""
    return Run(tmp_path_factory.mktemp("run"))


def test_everything_runs_in_order_and_the_cluster_is_deleted(run: Run) -> None:
    assert run.code == 0, run.output
    steps = [
        "kind create cluster --name acme-dev",
        "docker build",
        "kind load docker-image --name acme-dev",
        "helm install external-secrets",
        "--filename=output/dev/_cluster/",
        "--filename=output/dev/floe-platform/configmap_",
        "--filename=output/dev/floe-finance-domain/configmap_",
        "--filename=output/dev/floe-sales-domain/configmap_",
        "rollout status --namespace floe-platform",
        "--filename output/dev/floe-sales-domain/job.batch_",
        "--filename=output/dev/floe-platform/job.batch_smoke.yaml",
        "--filename output/dev/floe-sales-domain/job.batch_smoke.yaml",
        "--from=cronjob/cost-center",
        "dagster job launch",
        "kind delete cluster --name acme-dev",
    ]
    assert sorted(steps, key=run.position) == steps
    assert run.calls[-1].startswith("kind delete cluster")


def test_no_other_cluster_can_be_reached(run: Run) -> None:
    for call in run.calls[1:]:
        assert f"[{run.folder}/" in call


def test_every_wait_has_an_end(run: Run) -> None:
    waits = [call for call in run.calls if " wait " in call or "rollout status" in call or "helm install" in call]
    assert len(waits) > 5
    assert all("--timeout" in call for call in waits)


def test_images_of_all_products_are_the_sample(run: Run) -> None:
    build = run.calls[run.position("docker build")]
    loaded = run.calls[run.position("kind load")]
    for image in ("ghcr.io/acme/sales/customer-360:", "ghcr.io/acme/marketing/campaign-perf:"):
        assert f"--tag {image}" in build
        assert image in loaded


@pytest.mark.parametrize(
    "failing",
    [
        *("docker build", "job launch"),
        *(
            pytest.param(command, marks=pytest.mark.thorough)
            for command in ("helm install", "_cluster", "rollout status")
        ),
    ],
)
def test_a_failure_is_explained_and_the_cluster_is_deleted(tmp_path: Path, failing: str) -> None:
    run = Run(tmp_path, failing=failing)
    assert run.code == 9
    assert run.position("describe pod --namespace a sick") < run.position("kind delete cluster")
    assert "describe pod --namespace a good" not in "\n".join(run.calls)
    assert "everything runs" not in run.output


def test_an_existing_cluster_is_not_touched(tmp_path: Path) -> None:
    run = Run(tmp_path, existing="acme-dev")
    assert run.code == 1
    assert "there is a cluster acme-dev already" in run.output
    assert len(run.calls) == 1


def test_the_cluster_can_be_kept(tmp_path: Path) -> None:
    run = Run(tmp_path, KEEP="1")
    assert run.code == 0
    assert not [call for call in run.calls if "kind delete" in call]
    assert "left running" in run.output


def test_nothing_is_left_in_the_temporary_folder(run: Run) -> None:
    assert {path.name for path in run.folder.iterdir()} == {"programs", "calls"}
