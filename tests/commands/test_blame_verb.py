"""`floe-compile blame` shows lines of the output with what they follow from."""

import json
from pathlib import Path

import pytest

from floe_compiler.cli import main
from small_mesh import PRODUCT, small_mesh

CRON_JOB = "output/dev/floe-sales-domain/cronjob.batch_orders.yaml"


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory, explained_once: None) -> Path:
    """Return the small mesh, compiled."""
    root = small_mesh(tmp_path_factory.mktemp("mesh"), {})
    assert main(["compile", "--quiet", "--root", str(root)]) == 0
    return root


@pytest.fixture
def mesh(compiled: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return it as the working folder."""
    monkeypatch.chdir(compiled)
    return compiled


def test_lines_have_their_inputs(mesh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["blame", CRON_JOB]) == 0
    output = capsys.readouterr().out
    assert output.startswith("CronJob.batch floe-sales-domain/orders\nasked for by ")
    (schedule,) = (line for line in output.splitlines() if "schedule: " in line)
    assert schedule.startswith(f"{PRODUCT}:9 ")
    text = (mesh / CRON_JOB).read_text(encoding="utf-8")
    rows = output.partition("\n\n")[2].splitlines()
    assert [row.endswith(line) for row, line in zip(rows, text.splitlines(), strict=True)] == [True] * len(rows)
    places = {row.partition(str(number))[0].strip() for number, row in enumerate(rows, start=1)}
    assert places - {"(fixed)", ""}


def test_one_line_may_be_selected_in_two_forms(mesh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (mesh / CRON_JOB).read_text(encoding="utf-8")
    number = next(at for at, line in enumerate(text.splitlines(), start=1) if "schedule: " in line)
    assert main(["blame", f"{CRON_JOB}:{number}"]) == 0
    assert f"    {PRODUCT}:9:" in capsys.readouterr().out
    assert main(["blame", f"{CRON_JOB}:{number}", "--format", "json"]) == 0
    (line,) = json.loads(capsys.readouterr().out)["lines"]
    assert (line["line"], line["path"]) == (number, "spec.schedule")
    assert text.splitlines()[number - 1][line["column"] - 1 : line["end"] - 1] == '"0 6 * * *"'
    assert line["causes"][0]["at"].startswith(f"{PRODUCT}:9:")


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("output/dev/floe-sales-domain/cronjob_orders.yaml", f'did you mean "{CRON_JOB}"?'),
        (f"{CRON_JOB}:0", "has "),
        (f"{CRON_JOB}:9999", ", and no line 9999"),
        (f"{CRON_JOB}:spec.schedule", "for a path in the object: floe-compile explain"),
    ],
)
def test_wrong_usage_is_refused(place: str, message: str, mesh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["blame", place]) == 2
    assert message in capsys.readouterr().err


def test_errors_of_the_inputs_are_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (small_mesh(tmp_path, {}) / PRODUCT).write_text("nonsense: true\n", encoding="utf-8")
    assert main(["blame", CRON_JOB, "--root", str(tmp_path)]) == 1
    assert f"{PRODUCT}:1:1: error[" in capsys.readouterr().err
