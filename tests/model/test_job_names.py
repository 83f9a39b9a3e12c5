"""A Job's name fits, and changes with its content."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import FEW
from floe_compiler.model.job_names import has_hash, job_name, without_hash
from floe_compiler.model.names import check_dns_label

SPECS = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(st.from_regex(r"[a-z]([a-z0-9-]{0,80}[a-z0-9])?", fullmatch=True), SPECS, SPECS)
@FEW
def test_a_jobs_name_fits_and_changes_with_the_spec(name: str, first: Any, second: Any) -> None:
    first_name, second_name = job_name(name, {"spec": first}), job_name(name, {"spec": second})
    check_dns_label(first_name)
    assert has_hash(first_name)
    assert without_hash(first_name) == name[:54] == without_hash(second_name)
    same_spec = repr(first) == repr(second)
    assert not same_spec or first_name == second_name
    assert first_name != second_name or first == second


@pytest.mark.parametrize(
    "name", ["load", "load-0123", "load-0123456g", "load-012345678", "0123abcd", "load-0123abcd-x"]
)
def test_hashes_are_removed_from_names(name: str) -> None:
    assert not has_hash(name)
    assert without_hash(name) == name
