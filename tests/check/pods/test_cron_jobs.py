"""CronJobs."""

from __future__ import annotations

import pytest

from check.samples import sample
from floe_compiler.check.pods.cron_jobs import check

NAME = "CronJob.batch floe-platform/backup"


@pytest.mark.parametrize(
    "field",
    [
        "concurrencyPolicy",
        "failedJobsHistoryLimit",
        "startingDeadlineSeconds",
        "successfulJobsHistoryLimit",
        "timeZone",
    ],
)
def test_every_setting_of_a_cron_job_is_explicit(field: str) -> None:
    platform = sample()
    del platform["CronJob/backup"]["spec"][field]
    assert platform.findings(check) == [("C113", NAME, f"spec lacks {field}")]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("schedule", "0 */6 * *"),
        ("schedule", "61 * * * *"),
        ("schedule", "TZ=UTC 0 * * * *"),
        ("schedule", "@every 1h"),
        ("timeZone", "Europe/Berln"),
        ("timeZone", "Local"),
    ],
)
def test_schedules_and_time_zones_that_kubernetes_refuses_are_reported(field: str, value: str) -> None:
    platform = sample()
    platform["CronJob/backup"]["spec"][field] = value
    ((code, subject, message),) = platform.findings(check)
    assert (code, subject) == ("C114", NAME)
    assert message.startswith(f'spec.{field}: "{value}"')


@pytest.mark.parametrize(("seconds", "codes"), [(10, []), (9, ["C115"])])
def test_a_starting_deadline_that_is_too_short_is_reported(seconds: int, codes: list[str]) -> None:
    platform = sample()
    platform["CronJob/backup"]["spec"]["startingDeadlineSeconds"] = seconds
    assert [code for code, _, _ in platform.findings(check)] == codes
