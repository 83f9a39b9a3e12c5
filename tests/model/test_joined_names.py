"""Names made of several names: two different lists of names never give one name."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from itertools import combinations, product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import floe_compiler
from examples import FEW
from floe_compiler.model.fields import check_name
from floe_compiler.model.joined_names import identifier, joined, joined_identifiers, joined_path


def is_name(text: str) -> bool:
    try:
        check_name(text)
    except ValueError:
        return False
    return True


SHORT = [text for length in (1, 2, 3, 4, 5) for text in map("".join, product("a-", repeat=length)) if is_name(text)]
"""Every name of up to five letters and hyphens."""
NAMES = st.lists(st.just("a"), min_size=1, max_size=4).map("-".join)
JOIN = pytest.mark.parametrize("join", [joined, joined_identifiers])


def test_hyphens_become_underscores() -> None:
    assert identifier("order-analytics-2") == "order_analytics_2"


def test_hyphens_of_the_last_name_are_not_escaped() -> None:
    assert joined("acme", "prod", "eu-sales") == "acme-prod-eu-sales"
    assert joined("acme", "prod-eu", "sales") == "acme-prod--eu-sales"
    assert joined_identifiers("a-b", "c") == "a_b__c"
    assert joined_identifiers("a", "b-c") == "a__b_c"


@JOIN
@pytest.mark.parametrize("count", [2, 3])
def test_all_short_names_stay_distinct(join: Callable[..., str], count: int) -> None:
    of_names = list(product(SHORT, repeat=count))
    assert len({join(*names) for names in of_names}) == len(of_names)


@JOIN
@given(st.lists(st.tuples(NAMES, NAMES, NAMES), unique=True, min_size=2))
@FEW
def test_any_names_stay_distinct(join: Callable[..., str], of_names: list[tuple[str, str, str]]) -> None:
    for first, other in combinations(of_names, 2):
        assert join(*first) != join(*other)


def test_a_path_of_simple_names_is_readable() -> None:
    assert joined_path("acme/prod/floe-platform/crm/password") == "acme--prod--floe-platform--crm--password"
    assert re.fullmatch("acme--prod--pass-word---[0-9a-f]{8}", joined_path("acme/prod/pass_word"))
    assert re.fullmatch("[a-z0-9-]{127}", joined_path("a" * 300))


PATHS = [
    "/".join(parts)
    for count in (1, 2, 3)
    for parts in product(["a", "A", "a-a", "a_a", "a--a", "-a", "a-"], repeat=count)
]


def test_paths_stay_distinct_without_slashes_and_in_any_case() -> None:
    """The names of Key Vault are the same in any case."""
    entries = {path: joined_path(path) for path in PATHS}
    assert len({entry.lower() for entry in entries.values()}) == len(PATHS)


@given(st.lists(st.text("aA-_./", min_size=1, max_size=200), unique=True, min_size=2))
@FEW
def test_any_paths_stay_distinct_and_valid(paths: list[str]) -> None:
    for first, other in combinations(paths, 2):
        assert joined_path(first).lower() != joined_path(other).lower()
    for path in paths:
        assert re.fullmatch("[0-9A-Za-z-]{1,127}", joined_path(path))


MAY_JOIN = re.compile(r"""\}['"\sf]*[-_][-_'"\sf]*\{""")
"""The source of every module with such an f-string has this; parsing the others would take most of the time."""

NAMED = re.compile(r"(domain|environment|platform|product|scope|step)(_?name|\.name|\.metadata\.name)?")


def joins(source: str) -> Iterator[str]:
    """Yield each f-string in a program with only hyphens or underscores between two names of inputs."""
    for node in ast.walk(ast.parse(source)) if MAY_JOIN.search(source) else ():
        parts = node.values if isinstance(node, ast.JoinedStr) else []
        for first, between, second in zip(parts, parts[1:], parts[2:], strict=False):
            if isinstance(first, ast.FormattedValue) and isinstance(second, ast.FormattedValue):
                texts = (ast.unparse(first.value), ast.unparse(second.value))
                names = [NAMED.fullmatch(".".join(text.split(".")[-2:])) or NAMED.fullmatch(text) for text in texts]
                if all(names) and isinstance(between, ast.Constant) and re.fullmatch("[-_]+", str(between.value)):
                    yield ast.unparse(node)


def test_joins_are_recognised() -> None:
    sources = [
        'f"{platform}-{environment.name}"',
        'f"x-{domain}__{product.name}-x"',
        'f"{scope}-{product_name}"',
        """(f"{scope}"\n    f'-{product_name}')""",
        """f"{scope}" '-' f"{product_name}\"""",
    ]
    assert [len([*joins(source)]) for source in sources] == [1] * len(sources)
    assert [*joins('f"{domain}/{product}", f"{name}-{product}", f"{platform}.{domain}"')] == []


def test_no_module_joins_names_of_inputs_itself() -> None:
    package = Path(floe_compiler.__file__).parent
    joins_by_file = {str(path): [*joins(path.read_text(encoding="utf-8"))] for path in package.rglob("*.py")}
    assert {name: texts for name, texts in joins_by_file.items() if texts} == {}
