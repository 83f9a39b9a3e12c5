"""Every rendered rule in promtool: it is valid, and fires exactly when it should."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from kit.monitoring.alert_cases import CASES, Case, Series
from monitored_mesh import PROMTOOL, Kind, rule_files, rules

MINUTES = {100: (120, 120), 2: (5, 30), 0: (1, 10)}
"""Between values, and between evaluations, for cases of so many hours or more, as promtool takes its time for each."""

LATE = 15
"""Minutes: no alert of a case of one hour has a longer `for`."""

KINDS: tuple[Kind, ...] = ("prometheus", "prometheus-operator")


def test_every_alert_has_a_case() -> None:
    assert {rule["alert"] for kind in KINDS for rule in rules(kind)} == set(CASES)


def test_every_rule_with_the_name_of_an_alert_is_tested() -> None:
    """Rules that differ only by namespace or job are the same; others differ by their expressions."""
    distinct = {
        (rule["alert"], re.sub(r'(namespace|job|cronjob|job_name)="[^"]*"|[0-9]+', "", rule["expr"]))
        for rule in rules()
    }
    for name in ("ProductLate", "ReplicasMissing"):
        assert len([case for case in distinct if case[0] == name]) <= len(CASES[name])


def write_rules(kind: Kind, folder: Path) -> list[str]:
    for name, content in rule_files(kind).items():
        (folder / f"{name}.yaml").write_text(json.dumps(content))
    return sorted(path.name for path in folder.glob("*.yaml"))


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    assert PROMTOOL
    # It is Go, which would collect garbage for a quarter of its time, and wait for other cores for a tenth.
    quick = {**os.environ, "GOGC": "400", "GOMAXPROCS": "1"}
    return subprocess.run(
        [PROMTOOL, *arguments], cwd=folder, capture_output=True, env=quick, text=True, timeout=120, check=False
    )


pytestmark = pytest.mark.real
needs_promtool = pytest.mark.skipif(not PROMTOOL, reason="promtool is not on the PATH (Debian: prometheus)")


@needs_promtool
@pytest.mark.parametrize("kind", KINDS)
def test_the_rules_are_valid(kind: Kind, tmp_path: Path) -> None:
    check = run("check", "rules", "--lint=all", "--lint-fatal", *write_rules(kind, tmp_path), folder=tmp_path)
    assert check.returncode == 0, check.stdout + check.stderr


def series(values: Series, steps: int) -> list[dict[str, str]]:
    return [
        {"series": name, "values": value if isinstance(value, str) else f"{value}x{steps}"}
        for name, value in values.items()
    ]


def minutes(case: Case) -> tuple[int, int]:
    values, evaluations = next(intervals for hours, intervals in MINUTES.items() if case.hours >= hours)
    return values, 1 if changes_late(case) else evaluations


def changes_late(case: Case) -> bool:
    """Return whether a series changes in the last minutes, as then it depends on the alert's `for` whether it fires."""
    series = [value for value in (*case.fires.values(), *case.quiet.values()) if isinstance(value, str)]
    last = [re.search(r"(?: |^)\S*?x(\d+)$", value) for value in series]
    return case.hours == 1 and any(int(match[1]) <= LATE for match in last if match)


def trial(name: str, case: Case, values: Series, *, fires: bool) -> dict[str, Any]:
    labels = f",{case.labels}" if case.labels else ""
    alerts = f'count(ALERTS{{alertname="{name}",alertstate="firing"{labels}}}) > bool 0'
    hours = case.hours if fires or case.quiet_hours is None else case.quiet_hours
    step, _ = minutes(case)
    return {
        "name": f"{name} {json.dumps(values)}",
        "interval": f"{step}m",
        "input_series": series(values, hours * 60 // step),
        "promql_expr_test": [
            {
                "expr": alerts,
                "eval_time": f"{hours}h",
                "exp_samples": [{"labels": "{}", "value": 1}] if fires else [],
            }
        ],
    }


@needs_promtool
def test_alerts_fire_when_they_should_and_not_otherwise(tmp_path: Path) -> None:
    """In one process, which names the file of each failure: the alert, and the number of the case."""
    known = {rule["alert"] for rule in rules()}
    groups = {kind: [group for file in rule_files(kind).values() for group in file["groups"]] for kind in KINDS}
    for name, cases in CASES.items():
        kind: Kind = "prometheus" if name in known else "prometheus-operator"
        own = [group for group in groups[kind] if group["rules"][0]["alert"] == name]
        assert own, name
        (tmp_path / f"{name}.yaml").write_text(json.dumps({"groups": own}))
        for number, case in enumerate(cases):
            trials = [trial(name, case, case.fires, fires=True), trial(name, case, case.quiet, fires=False)]
            suite = {"rule_files": [f"{name}.yaml"], "evaluation_interval": f"{minutes(case)[1]}m", "tests": trials}
            (tmp_path / f"{name}-{number}.yml").write_text(json.dumps(suite))
    trying = sorted(path.name for path in tmp_path.glob("*.yml"))
    check = run("test", "rules", *trying, folder=tmp_path)
    _, *tried = check.stdout.split("Unit Testing: ")
    assert [result for result in tried if "SUCCESS" not in result] == []
    assert (check.returncode, len(tried)) == (0, len(trying)), check.stderr
