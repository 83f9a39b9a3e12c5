"""Data products: their names, and what they read from each other."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import FEW
from floe_compiler.model.diagnostics import Diagnostic, Findings
from floe_compiler.model.sources import DomainSource, Sources
from floe_compiler.resolve.products import check_name, check_references, domain_products
from resolve.samples import document


def product_data(name: str, inputs: list[dict[str, str]] | None = None, **changes: Any) -> dict[str, Any]:
    return {
        "apiVersion": "floe.dev/v1",
        "kind": "DataProduct",
        "metadata": {"name": name, "version": "1.0.0", "owner": "@acme/sales"},
        "image": "x:1",
        "inputs": inputs or [],
        "outputs": [{"name": "table"}],
        "steps": [{"name": "run", "type": "custom", "command": ["x"]}],
        **changes,
    }


def reading(product: str, output: str = "table", **more: str) -> dict[str, str]:
    return {"product": product, "output": output, **more}


def mesh(domains: dict[str, dict[str, dict[str, Any]]]) -> Sources:
    return Sources(
        document("m.yaml", {}),
        {},
        {
            domain: DomainSource(
                document(f"{domain}.yaml", {}),
                {name: document(f"{domain}/{name}.yaml", data) for name, data in products.items()},
            )
            for domain, products in domains.items()
        },
    )


def problems(domains: dict[str, dict[str, dict[str, Any]]]) -> list[Diagnostic]:
    findings, sources = Findings(), mesh(domains)
    check_references(sources, findings)
    for domain, source in sources.domains.items():
        domain_products(domain, source, findings)
    return findings.diagnostics


def test_products_are_listed_by_domain_and_name() -> None:
    findings = Findings()
    sources = mesh(
        {"sales": {"a": product_data("a"), "b": product_data("b", [reading("a")])}, "ops": {"a": product_data("a")}}
    )
    products = domain_products("sales", sources.domains["sales"], findings)
    assert list(products) == [("sales", "a"), ("sales", "b")]
    assert (products["sales", "b"].product.name, products["sales", "b"].product.domain) == ("b", "sales")
    references = check_references(sources, findings)
    assert list(references) == [("sales", "a"), ("sales", "b"), ("ops", "a")]
    assert references["sales", "b"].inputs == ((("sales", "a"), "table"),)
    assert findings.diagnostics == []


def test_products_of_other_domains_may_be_read() -> None:
    assert (
        problems({"sales": {"a": product_data("a", [reading("b", domain="ops")])}, "ops": {"b": product_data("b")}})
        == []
    )


@pytest.mark.parametrize(
    ("declared", "key", "message", "hint"),
    [
        (reading("b", domain="opps"), "domain", 'there is no domain "opps"', 'did you mean "ops"?'),
        (reading("xyz", domain="ops"), "product", 'domain "ops" has no product "xyz"', "known: b"),
        (reading("b"), "product", 'domain "sales" has no product "b"', "known: a"),
        (
            reading("b", "tabel", domain="ops"),
            "output",
            'product "ops/b" has no output "tabel"',
            'did you mean "table"?',
        ),
    ],
)
def test_an_input_must_exist(declared: dict[str, str], key: str, message: str, hint: str) -> None:
    first = product_data("a", [reading("b", domain="ops"), declared])
    (problem,) = problems({"sales": {"a": first}, "ops": {"b": product_data("b")}})
    assert (problem.rule.code, problem.message, problem.hint) == ("R007", message, hint)
    assert problem.span == document("sales/a.yaml", first).span(("inputs", 1, key))


def test_a_product_with_an_error_is_not_reported_as_missing() -> None:
    reported = problems({"sales": {"a": product_data("a", [reading("b")]), "b": product_data("b", image="")}})
    assert [problem.rule.code for problem in reported] == ["R003"]


def test_two_steps_or_outputs_with_one_name_are_an_error() -> None:
    steps = [{"name": name, "type": "custom", "command": ["x"]} for name in ("one", "two", "one")]
    outputs = [{"name": "table"}, {"name": "table"}]
    reported = problems({"sales": {"a": product_data("a", steps=steps, outputs=outputs)}})
    assert [problem.rule.code for problem in reported] == ["R015", "R015"]
    assert sorted(problem.message for problem in reported) == [
        'outputs has two entries named "table"',
        'steps has two entries named "one"',
    ]
    assert all(problem.span and problem.related and problem.related[0].span < problem.span for problem in reported)


def test_the_name_of_a_product_is_that_of_its_file() -> None:
    (problem,) = problems({"sales": {"a": product_data("b")}})
    assert problem.rule.code == "R011"
    assert problem.message == 'metadata.name is "b", but sales/a.yaml must hold "a"'


@pytest.mark.parametrize(
    ("place", "name", "better"),
    [
        ("My Customers", "customers", '"customers"'),
        ("A", "B", "lower-case letters"),
        ("1st", "First", "lower-case letters"),
    ],
)
def test_a_file_with_an_invalid_name_must_be_renamed(place: str, name: str, better: str) -> None:
    findings = Findings()
    check_name(place, document("a.yaml", {"metadata": {"name": name}}), findings)
    (diagnostic,) = findings.diagnostics
    assert diagnostic.rule.code == "R011"
    assert diagnostic.message == f'"{place}", in the path a.yaml, cannot be a name'
    assert diagnostic.hint.startswith(f"rename the file or folder to {better}")


@pytest.mark.parametrize("data", [{}, {"metadata": None}, {"metadata": {"name": 5}}, {"metadata": {"name": "A"}}])
def test_a_name_that_is_missing_or_invalid_is_reported_elsewhere(data: dict[str, Any]) -> None:
    findings = Findings()
    check_name("A", document("x.yaml", data), findings)
    assert findings.diagnostics == []


def circle(*names: str) -> dict[str, dict[str, Any]]:
    return {name: product_data(name, [reading(names[index - 1])]) for index, name in enumerate(names)}


def test_a_cycle_is_reported_once_starting_with_its_first_product() -> None:
    (problem,) = problems({"sales": circle("c", "b", "a")})
    assert problem.rule.code == "R008"
    assert problem.message.endswith("sales/a -> sales/b -> sales/c -> sales/a")
    assert str(problem.span).startswith("sales/a.yaml")
    assert [str(related.span).split(":")[0] for related in problem.related] == ["sales/b.yaml", "sales/c.yaml"]


def test_a_product_that_reads_itself_is_a_cycle() -> None:
    (problem,) = problems({"sales": circle("a")})
    assert problem.message.endswith("circle: sales/a -> sales/a")
    assert problem.related == ()


def test_every_cycle_is_reported() -> None:
    cycles = problems({"sales": {**circle("a", "b"), **circle("x", "y", "z")}, "ops": circle("a")})
    assert len(cycles) == 3


NAMES = "abcde"


@given(st.dictionaries(st.sampled_from(NAMES), st.sets(st.sampled_from(NAMES)), max_size=5))
@FEW
def test_products_have_a_cycle_exactly_if_they_cannot_be_ordered(reads: dict[str, set[str]]) -> None:
    present = {name: {name_ for name_ in inputs if name_ in reads} for name, inputs in reads.items()}
    data = {name: product_data(name, [reading(name_) for name_ in sorted(inputs)]) for name, inputs in present.items()}
    reported = problems({"sales": data})
    remaining = dict(present)
    while free := [name for name, inputs in remaining.items() if not inputs & remaining.keys()]:
        for name in free:
            del remaining[name]
    assert bool(reported) == bool(remaining)
    assert all(problem.rule.code == "R008" for problem in reported)


@pytest.mark.parametrize("omitted", [(), ("outputs",), ("outputs", "inputs"), ("inputs",)])
def test_names_and_references_are_checked_even_if_fields_are_missing(omitted: tuple[str, ...]) -> None:
    def product(name: str, **changes: Any) -> dict[str, Any]:
        return {
            key: value for key, value in product_data(name, **changes).items() if key not in omitted or key in changes
        }

    def codes(data: dict[str, Any]) -> list[str]:
        return [problem.rule.code for problem in problems({"sales": {"a": data}})]

    step = product_data("a")["steps"][0]
    assert codes(product("a")) == []
    assert codes(product("b")) == ["R011"]
    assert codes(product("a", steps=[step, step])) == ["R015"]
    assert codes(product("a", inputs=[reading("gone")])) == ["R007"]
