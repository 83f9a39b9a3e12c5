"""How the tables of pages are made of what they are about; `make fresh` tells if one is stale."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from component_facts import facts_table
from documented_tables import DOCS, OUTPUT, ROOT, SECTION, TABLE, declared, main, requested, rewritten
from floe_compiler.components import built_in
from floe_compiler.model.facts import named_secrets
from floe_compiler.model.plan import DeclaredInstance
from floe_compiler.model.quantities import ZERO, parse_quantity
from support import context_of
from third_party_monitor import COMPONENT

PAGE = DOCS / "components.md"
TEXT = PAGE.read_text(encoding="utf-8")


def test_stale_tables_are_shown_and_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.md"
    stale = "# Page\n\n<!-- table: quotas -->\n| nonsense |\n<!-- end of table -->\n"
    page.write_text(stale, encoding="utf-8")
    monkeypatch.setattr("documented_tables.PAGES", (page,))
    monkeypatch.setattr("documented_tables.ROOT", tmp_path)
    assert main(["--check"]) == 1
    assert "-| nonsense |\n" in capsys.readouterr().out
    assert page.read_text(encoding="utf-8") == stale
    assert main([]) == 0
    assert "| `quota.cpu` | 4 | 8 | 16 |\n" in page.read_text(encoding="utf-8")
    assert main(["--check"]) == 0


@pytest.mark.parametrize(
    ("marker", "problem"),
    [
        ("numbres", "there is no table numbres; there are contents, components, numbers,"),
        ("components", "docs/components.md has no section with <!-- about cache redis --> below its heading"),
        ("facts catalog polaris in dev/nowhere", "there is no catalog polaris in dev/nowhere,"),
    ],
)
def test_a_wrong_marker_is_explained(marker: str, problem: str) -> None:
    with pytest.raises(SystemExit, match=f"^{re.escape(problem)}"):
        rewritten(f"<!-- table: {marker} -->\n<!-- end of table -->\n")


def test_every_component_has_one_section() -> None:
    named = [tuple(component.split()) for _, about in SECTION.findall(TEXT) for component in about.split(", ")]
    assert sorted(named) == sorted(component.key for component in built_in())


def test_every_section_whose_components_have_pods_or_secrets_has_a_table() -> None:
    needed = {
        instance.instance.slot + " " + instance.instance.type
        for instance in declared().values()
        if instance.parts.workloads or named_secrets(instance.parts)
    }
    assert len(needed) > 12
    for part in TEXT.split("\n## ")[1:]:
        about = re.findall(r"<!-- about ([^\n]*) -->", part)
        kinds = set(about[0].split(", ")) if about else set()
        assert "<!-- table: facts " in part or not kinds & needed, part.splitlines()[0]


def test_every_interface_is_in_the_table_of_what_users_open() -> None:
    rows = re.findall(r"^\| interfaces \| (.*) \|$", TEXT, re.MULTILINE)
    declared_ones = {name for row in rows for name in re.findall(r"`([^`]+)` on", row)}
    page = (ROOT / "docs/inputs.md").read_text(encoding="utf-8")
    table = page.partition("| interface | of |")[2].partition("\n\n")[0]
    listed = {name.removesuffix("-<domain>") for name in re.findall(r"`([^`]+)`", table)}
    assert {"cube", "grafana"} <= declared_ones <= listed


def test_images_in_the_prose_are_those_of_the_code() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "compiler/floe_compiler").rglob("*.py"))
    images = re.findall(r"`(?:docker|ghcr|quay)\.io/(\S+):(\S+)`", TABLE.sub("", TEXT))
    assert images
    assert [f"{name}:{tag}" for name, tag in images if name not in code or tag not in code] == []


def test_the_servers_of_development_fit_one_node_with_4_cpus_and_16_gb() -> None:
    needs = [requested(folder, nodes=1, tasks=False) for folder in (OUTPUT / "dev").iterdir()]
    cpu, memory = (sum((need[name] for need in needs), ZERO) for name in ("requests.cpu", "requests.memory"))
    assert ZERO < cpu < parse_quantity("4")
    assert ZERO < memory < parse_quantity("16G")


def test_a_component_of_another_package_has_a_table_too() -> None:
    context = context_of(COMPONENT)
    table = facts_table(DeclaredInstance(context.instance, COMPONENT.build(context)), "here")
    assert (
        table
        == """\
| here | |
|---|---|
| renders | Deployment `vigil`; pods of an operator: `vigil-history` |
| image | `vigil`: `ghcr.io/acme/vigil:2.1.0` |
| user | `vigil`: 1000 |
| ports | `vigil`: 9090 (http); `vigil-history`: 5432 (postgresql), 8000 (status, not in the Service), 9187 (metrics, \
not in the Service) |
| health | `vigil`: liveness `GET /-/alive` on 9090, readiness `GET /-/ready` on 9090 |
| interfaces | `vigil` on 9090 (asks for a login) |
| metrics | `vigil`: `/metrics` on 9090; `vigil-history`: `/metrics` on 9187 |
| calls | `vigil`: `sts.example.com`, `vigil-history`, the Kubernetes API; `vigil-history`: `vigil-history`, the \
Kubernetes API |
| secrets | `vigil-history`: `password` |
"""
    )


def test_names_are_shown_in_general_form() -> None:
    table = facts_table(declared()["dev", "floe-sales-domain", "orchestrator", "dagster"], "here")
    assert "pods at run time: `run-<product>` |" in table
    assert "`code-<product>`, `run-<product>`: that of the product |" in table
    assert "`polaris-client-<domain>-<product>`: `client-secret`" in table
    assert "customer-360" not in table
