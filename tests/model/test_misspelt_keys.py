"""Unknown keys, and the absent keys that were meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from floe_compiler.model.diagnostics import near
from floe_compiler.model.misspelt_keys import meant_keys

WORDS = st.lists(st.text("abc", min_size=1, max_size=6), unique=True, max_size=6)


@pytest.mark.parametrize(
    ("unknown", "absent", "expected"),
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
def test_the_nearest_pairs_are_found(unknown: list[str], absent: list[str], expected: dict[str, str]) -> None:
    assert meant_keys(unknown, absent) == expected


@given(WORDS, WORDS)
def test_each_key_is_in_at_most_one_pair_and_no_pair_is_missed(unknown: list[str], absent: list[str]) -> None:
    pairs = meant_keys(unknown, absent)
    assert len(set(pairs.values())) == len(pairs)
    assert all(known in near(word, absent) for word, known in pairs.items())
    unmatched = [word for word in unknown if word not in pairs]
    assert all(set(near(word, absent)) <= set(pairs.values()) for word in unmatched)
