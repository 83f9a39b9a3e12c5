"""Jobs and their delivery."""

from __future__ import annotations

from typing import Any

import pytest

from check.samples import Platform, sample
from floe_compiler.check.pods.jobs import check

GUARDS = [
    {"argocd.argoproj.io/hook": "Sync"},
    {"argocd.argoproj.io/sync-options": "Replace=true,Force=true"},
    {"kustomize.toolkit.fluxcd.io/force": "enabled"},
]


def renamed(**annotations: str) -> Platform:
    platform = sample()
    job = platform["Job/migrate-1a2b3c4d"]
    job["metadata"] |= {"name": "migrate", "annotations": annotations}
    return platform


def test_a_job_without_a_hash_in_its_name_is_reported() -> None:
    message = "metadata.name does not end with a hash of the Job's content, so a changed Job is refused"
    assert renamed().findings(check) == [("C110", "Job.batch floe-platform/migrate", message)]


@pytest.mark.parametrize("annotations", GUARDS)
def test_a_job_that_the_delivery_tool_replaces_needs_no_hash(annotations: dict[str, str]) -> None:
    assert renamed(**annotations).findings(check) == []


@pytest.mark.parametrize("options", ["Force=true", "Replace=true", "Prune=false"])
def test_other_sync_options_do_not_replace_a_job(options: str) -> None:
    platform = renamed(**{"argocd.argoproj.io/sync-options": options})
    assert [code for code, _, _ in platform.findings(check)] == ["C110"]


@pytest.mark.parametrize("name", ["migrate-1a2b3c4", "migrate-1A2B3C4D", "migrate1a2b3c4d", "migrate-1a2b3c4d-x"])
def test_a_suffix_that_is_not_a_hash_is_reported(name: str) -> None:
    platform = sample()
    platform["Job/migrate-1a2b3c4d"]["metadata"]["name"] = name
    assert [code for code, _, _ in platform.findings(check)] == ["C110"]


def test_a_job_with_a_ttl_is_reported_as_it_would_run_again() -> None:
    platform = sample()
    platform["Job/migrate-1a2b3c4d"]["spec"]["ttlSecondsAfterFinished"] = 600
    message = "spec.ttlSecondsAfterFinished removes the Job, and the next delivery starts it again"
    assert platform.findings(check) == [("C110", "Job.batch floe-platform/migrate-1a2b3c4d", message)]
    platform["Job/migrate-1a2b3c4d"]["metadata"]["annotations"] = GUARDS[0]
    assert platform.findings(check) == []


def test_jobs_of_a_cron_job_may_have_a_ttl() -> None:
    platform = sample()
    platform["CronJob/backup"]["spec"]["jobTemplate"]["spec"]["ttlSecondsAfterFinished"] = 600
    assert platform.findings(check) == []


@pytest.mark.parametrize("field", ["backoffLimit", "activeDeadlineSeconds"])
def test_a_job_needs_a_deadline(field: str) -> None:
    platform = sample()
    del platform["Job/migrate-1a2b3c4d"]["spec"][field]
    del platform["CronJob/backup"]["spec"]["jobTemplate"]["spec"][field]
    assert platform.findings(check) == [
        ("C111", "CronJob.batch floe-platform/backup", f"spec.jobTemplate.spec lacks {field}"),
        ("C111", "Job.batch floe-platform/migrate-1a2b3c4d", f"spec lacks {field}"),
    ]


@pytest.mark.parametrize(("policy", "fine"), [("Never", True), ("OnFailure", True), ("Always", False), (None, False)])
def test_a_job_needs_a_limit_of_retries(policy: Any, fine: bool) -> None:
    platform = sample()
    pod = platform.pod("CronJob/backup")
    del pod["restartPolicy"]
    if policy:
        pod["restartPolicy"] = policy
    place = "spec.jobTemplate.spec.template.spec.restartPolicy"
    message = f"{place} is {policy or 'missing'}"
    assert platform.findings(check) == ([] if fine else [("C112", "CronJob.batch floe-platform/backup", message)])


def test_a_test_after_a_sync_may_have_a_ttl() -> None:
    platform = sample()
    platform["Job/migrate-1a2b3c4d"]["spec"]["ttlSecondsAfterFinished"] = 3600
    platform["Job/migrate-1a2b3c4d"]["metadata"]["annotations"] = {"floe.dev/after-sync": "true"}
    assert platform.findings(check) == []


@pytest.mark.parametrize(
    ("policy", "is_kept"),
    [("BeforeHookCreation", True), ("HookSucceeded", True), ("HookFailed", False), ("HookSucceeded,HookFailed", False)],
)
def test_a_hook_that_fails_is_kept_with_its_logs(policy: str, is_kept: bool) -> None:
    platform = renamed(**{"argocd.argoproj.io/hook": "PostSync", "argocd.argoproj.io/hook-delete-policy": policy})
    message = "argocd.argoproj.io/hook-delete-policy has HookFailed"
    assert platform.findings(check) == ([] if is_kept else [("C200", "Job.batch floe-platform/migrate", message)])
