"""`floe-compile report` writes one page about a change."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from floe_compiler.cli import main
from small_mesh import ENVIRONMENT, PRODUCT, small_mesh

pytestmark = pytest.mark.git
CRON_JOB = "output/dev/floe-sales-domain/cronjob.batch_orders.yaml"


@pytest.fixture(scope="module")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the small mesh, compiled and committed."""
    root = small_mesh(tmp_path_factory.mktemp("committed"), {})
    assert main(["compile", "--quiet", "--root", str(root)]) == 0
    who = ("-c", "user.name=a", "-c", "user.email=a@b.example")
    for words in (
        ("init", "--quiet"),
        ("add", "--all"),
        (*who, "commit", "--quiet", "--message", "first"),
        ("gc", "--quiet"),
    ):
        subprocess.run(["git", *words], cwd=root, check=True)
    return root


@pytest.fixture
def mesh(committed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of it, as the working folder."""
    root = shutil.copytree(committed, tmp_path / "mesh")
    monkeypatch.chdir(root)
    return root


def edit(file: Path, before: str, after: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after), encoding="utf-8")


def data_of(page: Path) -> dict[str, Any]:
    match = re.search(r'id="data">(.*?)</script>', page.read_text(encoding="utf-8"), re.DOTALL)
    assert match
    data: dict[str, Any] = json.loads(match[1])
    return data


def test_the_report_shows_changes_and_causes(mesh: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(mesh / PRODUCT, "0 6 * * *", "0 7 * * *")
    page = tmp_path / "report.html"
    assert main(["report", "--html", str(page)]) == 0
    assert "dev: 1 changed; see " in capsys.readouterr().err
    data = data_of(page)
    assert data["compared"].startswith("compared with HEAD (")
    ((action, kind, namespace, name, environments, dangers, texts, files, why),) = data["changes"]
    assert (action, kind, namespace, name) == ("changed", "CronJob.batch", "floe-sales-domain", "orders")
    assert ([data["environments"][at] for at in environments], dangers, files) == (["dev"], [], [CRON_JOB])
    assert [data["texts"][at] for at in texts] == ['~ spec.schedule: "0 6 * * *" -> "0 7 * * *"']
    assert [place for place, _ in why] == [f"{PRODUCT}:9:9"]
    (edited,) = data["edits"]
    assert (edited["file"], [sign for _, sign, _ in edited["lines"]]) == (PRODUCT, ["-", "+"])
    tables = {table["key"]: table for table in data["tables"]}
    assert [*tables] == ["secrets", "images", "routes", "grants", "alerts", "quotas", "policies", "objects"]
    row = [[0], ["orders", "cronjob.batch", "floe-sales-domain", CRON_JOB.split("/", 2)[2]]]
    assert row in tables["objects"]["rows"]
    assert any("orders:" in cells[0] for _, cells in tables["images"]["rows"])
    assert data["connections"][0]["nodes"]


def test_only_a_page_is_replaced(mesh: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (mesh / PRODUCT).read_bytes()
    assert main(["report", "--html", PRODUCT]) == 2
    assert capsys.readouterr().err == (
        f"floe-compile: --html {PRODUCT}: this is another file, and no report; name one that may be replaced\n"
    )
    assert (mesh / PRODUCT).read_bytes() == before
    page = tmp_path / "report.html"
    page.write_bytes(b"")  # as mktemp makes it
    assert main(["report", "--html", str(page), "--quiet"]) == 0
    assert main(["report", "--html", str(page), "--quiet"]) == 0


def test_a_report_has_the_same_bytes_again(mesh: Path, tmp_path: Path) -> None:
    edit(mesh / ENVIRONMENT, "storage_class: standard", "storage_class: standard\nscale: medium")
    (mesh / "not-an-input.txt").write_text("elsewhere", encoding="utf-8")
    (mesh / "domains" / "sales" / "notes.txt").write_text(
        "password: hunter2\n<script>alert(1)</script>\n", encoding="utf-8"
    )
    pages = [tmp_path / "one.html", tmp_path / "two.html"]
    for page in pages:
        assert main(["report", "--html", str(page), "--quiet", "--no-cache", "--explain", "1"]) == 0
    assert pages[0].read_bytes() == pages[1].read_bytes()
    assert [edit_["file"] for edit_ in data_of(pages[0])["edits"]] == ["domains/sales/notes.txt", ENVIRONMENT]
    assert b"hunter2" not in pages[0].read_bytes()
    assert b"<script>alert" not in pages[0].read_bytes()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--html", "output/dev/report.html"], "output/ has what is compiled and nothing else"),
        (["--html", "nowhere/report.html"], "name a file in a folder that exists"),
        (["--html", "domains"], "name a file in a folder that exists"),
        (["--html", "r.html", "no-such-branch"], "Git knows no revision 'no-such-branch'"),
        (["--html", "r.html", "--explain", "-1"], "give 0 or more"),
        (["--html", "r.html", "--env", "prd"], 'there is no environment "prd"'),
        ([], "--html"),
    ],
)
def test_wrong_usage_is_refused(words: list[str], message: str, mesh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", *words]) == 2
    assert message in capsys.readouterr().err


def test_errors_of_the_inputs_write_nothing(mesh: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (mesh / PRODUCT).write_text("nonsense: true\n", encoding="utf-8")
    assert main(["report", "--html", str(tmp_path / "r.html")]) == 1
    assert "error[" in capsys.readouterr().err
    assert not (tmp_path / "r.html").exists()
