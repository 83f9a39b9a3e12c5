"""Unknown keys and the absent ones that they are meant to be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from floe_compiler.model.diagnostics import near
from floe_compiler.model.misspelt_keys import meant_keys

WORDS = st.lists(st.text("abc", min_size=1, max_size=6), unique=True, max_size=6)


@pytest.mark.parametrize(
    ("unknown", "absent", "meant"),
    [
        (["hostt"], ["host", "port"], {"hostt": "host"}),
        (["hostt", "prot"], ["host", "port"], {"hostt": "host", "prot": "port"}),
        (["hostt", "hosst"], ["host"], {"hostt": "host"}),
        (["hosst", "hots"], ["host", "hosts"], {"hosst": "host", "hots": "hosts"}),
        (["min_", "max_"], ["min", "max"], {"min_": "min", "max_": "max"}),
        (["hostt"], ["user", "secret"], {}),
        ([], ["host"], {}),
        (["hostt"], [], {}),
    ],
)
def test_the_nearest_pairs_are_found(unknown: list[str], absent: list[str], meant: dict[str, str]) -> None:
    assert meant_keys(unknown, absent) == meant


@given(WORDS, WORDS)
def test_each_key_is_in_one_pair_of_near_ones_and_none_is_left_beside_another(
    unknown: list[str], absent: list[str]
) -> None:
    pairs = meant_keys(unknown, absent)
    assert len(set(pairs.values())) == len(pairs)
    assert all(known in near(word, absent) for word, known in pairs.items())
    left = [word for word in unknown if word not in pairs]
    assert all(set(near(word, absent)) <= set(pairs.values()) for word in left)
