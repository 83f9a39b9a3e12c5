"""The summary of a job: how many namespaces were compiled, and how long each step took."""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.report.work_done import Stopwatch, WorkDone, render_work


def test_steps_are_timed_without_the_text_after_a_colon() -> None:
    ticks: Iterator[float] = iter([0.0, 1.0, 3.0, 6.0, 10.0])
    reported: list[str] = []
    steps = Stopwatch(reported.append, lambda: next(ticks))
    for step in ("reading", "compiling", "compiling: 8 of 9 namespaces"):
        steps(step)
    assert steps.seconds == {"reading": 2.0, "compiling": 7.0}
    assert reported == ["reading", "compiling", "compiling: 8 of 9 namespaces"]


def test_each_environment_has_a_row_and_the_steps_have_a_sum() -> None:
    assert render_work([WorkDone("prod/us", 12, 3, 140)], {"reading": 0.5, "compiling": 1.25}) == (
        "### What was compiled\n\n"
        "| environment | folders | compiled now | objects |\n|---|---|---|---|\n| prod/us | 12 | 3 | 140 |\n\n"
        "The other folders of the output were in the cache.\n\n"
        "| step | seconds |\n|---|---|\n| reading | 0.50 |\n| compiling | 1.25 |\n| **all** | 1.75 |\n\n"
    )
