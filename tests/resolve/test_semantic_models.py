"""The models of semantic layers: exactly those that Cube refuses are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

import cube_program
from floe_compiler.components import registry
from floe_compiler.load.mesh import Texts, read_texts
from floe_compiler.model.diagnostics import Findings
from floe_compiler.model.document import Document
from floe_compiler.model.packed_documents import unpacked
from floe_compiler.model.sources import DomainSource
from floe_compiler.model.yaml_text import from_yaml, to_yaml
from floe_compiler.resolve.schemas import plain_schemas
from floe_compiler.resolve.semantic_models import check_models
from resolve.samples import document
from tables import table

FILE = "domains/sales/semantic/sales.yaml"
GOOD = """\
cubes:
  - name: orders
    sql_table: sales.orders
    joins:
      - name: customers
        sql: "{CUBE}.customer_id = {customers.id}"
        relationship: many_to_one
    measures:
      - {name: count, type: count}
      - {name: buyers, type: count_distinct, sql: customer_id}
    dimensions:
      - {name: id, sql: id, type: number, primary_key: true}
    segments:
  - name: customers
    sql: select 1 as id
    dimensions:
      - {name: id, sql: id, type: number, primary_key: true}
      - {name: country, sql: country, type: string}
views:
  - name: sales
    cubes:
      - join_path: orders
        includes: [count]
      - join_path: orders.customers
        prefix: true
        includes: [country]
"""
COUNT, COUNTRY, MORE = "type: count}", "{name: country, sql: country, type: string}", "    segments:\n"
CUSTOMERS, TABLE = "  - name: customers\n    sql: select 1 as id\n", "    sql_table: sales.orders\n"
VIEWS, LAST = "views:\n", "        includes: [country]\n"

ACCEPTED = {
    "as it is": ("", ""),
    "keys in the other spelling": ("sql_table", "sqlTable"),
    "a type in the other spelling": ("count_distinct", "countDistinct"),
    "a template": ("sales.orders", "\"{{ env_var('FLOE_SCHEMA_SHOP') }}.orders\""),
    "a cube that extends another": (CUSTOMERS, "  - name: customers\n    extends: orders\n"),
    "a reference in braces": (CUSTOMERS, '  - name: customers\n    extends: "{orders}"\n'),
    "a path in braces": ("join_path: orders.customers", 'join_path: "{orders.customers}"'),
    "an inherited member": (
        VIEWS,
        (
            "  - {name: child, extends: orders}\nviews:\n  - name: other\n    cubes:\n"
            "      - {join_path: child, includes: [count, id]}\n"
        ),
    ),
    "a view of a view": (VIEWS, "views:\n  - name: other\n    cubes:\n      - {join_path: sales, includes: '*'}\n"),
    "a view that extends another": (LAST, f"{LAST}  - {{name: other, extends: sales}}\n"),
    "a view without cubes": (LAST, f"{LAST}  - name: other\n"),
    "excluded members that are unknown": ("[country]", '"*"\n        excludes: [other]'),
    "members with other names": ("[country]", "[{name: country, alias: land, title: Land}]"),
    "a hierarchy": (MORE, "    hierarchies:\n      - {name: places, levels: [id]}\n"),
    "an included hierarchy": (MORE, "    hierarchies:\n      - {name: count_by, levels: [id]}\n"),
    "a place": (COUNTRY, "{name: country, type: geo, latitude: {sql: a}, longitude: {sql: b}}"),
    "a switch": (COUNTRY, "{name: country, type: switch, values: [a, b]}"),
    "a subquery": (COUNTRY, '{name: country, sql: "{orders.count}", type: number, sub_query: true}'),
    "granularities": (COUNTRY, "{name: country, sql: at, type: time, granularities: [{name: q, interval: 1 hour}]}"),
    "a case": (COUNTRY, "{name: country, type: string, case: {when: [{sql: a, label: b}], else: {label: c}}}"),
    "a multi-stage measure": (COUNT, "type: number, multi_stage: true}"),
    "a rank": (COUNT, 'type: rank, multi_stage: true, order_by: [{sql: "{buyers}", dir: asc}]}'),
    "a filtered measure": (COUNT, 'type: count, filters: [{sql: "{CUBE}.x > 1"}]}'),
    "a policy": (MORE, '    access_policy:\n      - {group: "*", row_level: {allow_all: true}}\n'),
    "a pre-aggregation": (MORE, "    pre_aggregations:\n      - {name: main, measures: [count]}\n"),
    "a refresh key": (MORE, "    refresh_key: {every: 1 hour}\n"),
    "other keys of a cube": (
        MORE,
        (
            "    calendar: true\n    sql_alias: o\n    data_source: default\n    public: false\n"
            "    rewrite_queries: true\n    shown: true\n    title: T\n    description: D\n    meta: {a: [1]}\n"
        ),
    ),
    "folders": (LAST, f"{LAST}    folders:\n      - {{name: A, includes: [count]}}\n"),
    "a dimension of a view": (
        LAST,
        f"{LAST}    dimensions:\n      - {{name: q, sql: '{{orders.id}}', type: number}}\n",
    ),
    "groups of views": (LAST, f"{LAST}view_groups:\n  - {{name: all, includes: [sales]}}\n"),
    "nothing": (GOOD, "cubes:\nviews:\n"),
}
REFUSED = {
    "an unknown list": (VIEWS, "measures: []\nviews:\n", "L105"),
    "an unknown key of a cube": (MORE, "    aliases: [a]\n", "L105"),
    "an unknown key of a join": ("        relationship", "        other: x\n        relationship", "L105"),
    "an unknown relationship": ("many_to_one", "many_to_many", "L105"),
    "an unknown type of a measure": (COUNT, "type: cuont}", "L105"),
    "an unknown type of a dimension": ("country, type: string", "country, type: text", "L105"),
    "a measure without a type": (", type: count}", "}", "L105"),
    "a segment without sql": (MORE, "    segments:\n      - {name: big}\n", "L105"),
    "a view with sql": (LAST, f"{LAST}    sql: select 1\n", "L105"),
    "a view that does not say what it includes": ("        includes: [count]\n", "", "L105"),
    "a title that is no text": (MORE, "    title: 5\n", "L105"),
    "a name with a digit first": ("name: count,", "name: 1count,", "L105"),
    "a cube without a table": (TABLE, "", "R084"),
    "a cube with a table and a query": (TABLE, f"{TABLE}    sql: select 1\n", "R084"),
    "a measure without sql": (COUNT, "type: sum}", "R084"),
    "a dimension without sql": ("sql: country, type", "type", "R084"),
    "two members of a kind": ("name: country, sql", "name: id, sql", "R015"),
    "two members of different kinds": (MORE, '    segments:\n      - {name: count, sql: "1=1"}\n', "R015"),
    "a pre-aggregation with the name of a member": (
        MORE, "    pre_aggregations:\n      - {name: id, measures: [count]}\n", "R015"),
    "a view with the name of a cube": ("- name: sales", "- name: orders", "R015"),
    "a join with an unknown cube": ("- name: customers\n        sql", "- name: clients\n        sql", "R007"),
    "a view of an unknown cube": ("join_path: orders\n", "join_path: sales_orders\n", "R007"),
    "an unknown member": ("[count]", "[cuont]", "R007"),
    "an unknown base": (CUSTOMERS, "  - name: customers\n    extends: clients\n", "R007"),
}  # fmt: skip


def codes_of(text: str) -> set[str]:
    """Return the rules that the text of a file breaks, by the structure of the file or else as a model."""
    ((_, data, problems),) = read_texts(Texts(((FILE, "SemanticModel", text),), plain_schemas(registry())))
    if problems:
        return {problem.rule.code for problem in problems}
    findings = Findings()
    document = data if isinstance(data, Document) else unpacked(data or b"")[0]  # type: ignore[index]
    check_models(DomainSource(document, models={"sales": document}), findings)
    return {diagnostic.rule.code for diagnostic in findings.diagnostics}


def changed(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


@table("name", ACCEPTED)
def test_models_that_cube_accepts_are_accepted(name: str) -> None:
    assert codes_of(changed(*ACCEPTED[name])) == set()


@table("name", REFUSED)
def test_models_that_cube_refuses_are_refused(name: str) -> None:
    old, new, code = REFUSED[name]
    assert code in codes_of(changed(old, new))


def test_models_with_a_broken_structure_are_reported_without_a_crash() -> None:
    """Loaded files have their structure, but `explain` varies their data."""
    data = from_yaml(GOOD)
    del data["cubes"][0]["measures"][0]["name"]
    findings = Findings()
    check_models(DomainSource(document("d.yaml", {}), models={"sales": document(FILE, data)}), findings)
    assert [(diagnostic.rule.code, str(diagnostic.span).partition(":")[0]) for diagnostic in findings.diagnostics] == [
        ("R002", FILE)
    ]


@pytest.mark.real
def test_cube_itself_agrees(tmp_path: Path) -> None:
    samples = {**ACCEPTED, **REFUSED}
    folders = [tmp_path / str(number) for number, _ in enumerate(samples)]
    for folder, (old, new, *_) in zip(folders, samples.values(), strict=True):
        folder.mkdir()
        (folder / "sales.yaml").write_text(changed(old, new))
    problems = dict(zip(samples, cube_program.problems(*folders), strict=True))
    assert {name for name, problem in problems.items() if problem} == set(REFUSED)


@pytest.mark.real
def test_cube_reads_rendered_models_like_their_sources(tmp_path: Path) -> None:
    (tmp_path / "sales.yaml").write_text(to_yaml(from_yaml(GOOD)))
    assert cube_program.problems(tmp_path) == [""]
