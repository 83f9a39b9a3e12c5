"""Settings that change nothing are left out many at a time, and no other setting is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest

from floe_compiler.explain.effects import relevant
from floe_compiler.explain.question import Question
from floe_compiler.explain.settings import Setting
from floe_compiler.model.explanation import Cause
from floe_compiler.model.sources import Sources

VALUES = {"steps": 4, "schedulers": 2, "idle": 7, "name": "sales", "silent": True}


class Number(Setting, frozen=True):
    """A setting whose documents are a mapping."""

    def varied(self, sources: Any, value: Any) -> Any:
        return {**sources, self.file: value}


class Rendered:
    """An object that is rendered from a mapping."""

    closed = (("string", "number", "time"),)

    def __init__(self, render: Callable[[dict[str, Any]], object], values: dict[str, Any] = VALUES) -> None:
        self._render = render
        self.sources, self.tries = values, 0

    def may_change(self, sources: Sources) -> bool:
        self.tries += 1
        return self._render(cast("Any", sources)) != self._render(self.sources)

    def is_sound(self, _sources: Sources) -> bool:
        return True

    is_fit = is_sound


@pytest.mark.parametrize(
    ("render", "expected"),
    [
        (lambda data: "fixed", []),
        (lambda data: data["name"], ["name"]),
        (lambda data: (data["name"], data["silent"]), ["name", "silent"]),
        # What is off hides what belongs to it.
        (lambda data: data["name"] if data["silent"] else "sales", ["name"]),
        # Twice as many of both would be the same.
        (lambda data: data["steps"] // data["schedulers"], ["steps", "schedulers"]),
        (lambda data: data["steps"] * 3 // data["schedulers"], ["steps", "schedulers"]),
        (lambda data: data["steps"] - 2 * data["schedulers"], ["steps", "schedulers"]),
    ],
)
def test_inputs_that_may_change_an_object_are_found(
    render: Callable[[dict[str, Any]], object], expected: list[str]
) -> None:
    question = cast("Question", Rendered(render))
    settings = [Number(name, ("value",), value, Cause(name)) for name, value in VALUES.items()]
    files = [setting.file for setting in relevant(question, settings)]
    # Those that are left with one that counts are not looked at by themselves.
    assert set(expected) <= set(files)
    assert bool(files) == bool(expected)
    assert len(files) < len(VALUES)


def test_a_switch_does_not_hide_another_one() -> None:
    """What is off has no volume; both were turned off at once, which changed nothing."""
    values = {"on": True, "loud": True}
    question = cast("Question", Rendered(lambda data: data["loud"] if data["on"] else True, values))
    settings = [Number(name, ("value",), value, Cause(name)) for name, value in values.items()]
    assert [setting.file for setting in relevant(question, settings)] == ["loud"]


def test_words_of_passed_on_text_are_not_switches() -> None:
    """A model of a semantic layer has words, too, but nothing is chosen by them."""
    values = dict.fromkeys(("first", "second", "third"), "string")
    for is_passed_on, tries in ((True, 1), (False, 6)):
        rendered = Rendered(lambda data: "fixed", values)
        settings = [
            Number(name, ("type",), value, Cause(name), is_passed_on=is_passed_on) for name, value in values.items()
        ]
        assert list(relevant(cast("Question", rendered), settings)) == []
        assert rendered.tries == tries
