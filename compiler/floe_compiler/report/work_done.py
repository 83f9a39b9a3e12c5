"""What a run has compiled, and how long its steps took, as Markdown for the summary of a job."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec

from floe_compiler.report.markdown_table import inline, markdown_table


class WorkDone(msgspec.Struct, frozen=True):
    """What was done for one environment: its folders in the output, those that were compiled now, and its objects.

    Each is a namespace, or what has none.
    """

    environment: str
    folders: int
    compiled: int
    objects: int


class Stopwatch:
    """Measures how long each step of a run takes."""

    def __init__(self, progress: Callable[[str], None], clock: Callable[[], float]) -> None:
        self._progress, self._clock = progress, clock
        self._step, self._since = "", clock()
        self._seconds: dict[str, float] = {}

    def __call__(self, step: str) -> None:
        """Begin a step; what follows a colon only says how far it is."""
        self._end()
        self._step = step.partition(":")[0]
        self._progress(step)

    @property
    def seconds(self) -> Mapping[str, float]:
        """Return the seconds of each step so far, in the order of the steps."""
        self._end()
        return dict(self._seconds)

    def _end(self) -> None:
        now = self._clock()
        if self._step:
            self._seconds[self._step] = self._seconds.get(self._step, 0.0) + now - self._since
        self._since = now


def render_work(done: Iterable[WorkDone], seconds: Mapping[str, float]) -> str:
    """Return two tables: the folders of each environment, and the seconds of each step."""
    rows = [(inline(work.environment), str(work.folders), str(work.compiled), str(work.objects)) for work in done]
    steps = [(inline(step), f"{time:.2f}") for step, time in seconds.items()]
    total = f"{sum(seconds.values()):.2f}"
    return (
        "### What was compiled\n\n"
        f"{markdown_table(('environment', 'folders', 'compiled now', 'objects'), rows)}\n"
        "The other folders of the output were in the cache.\n\n"
        f"{markdown_table(('step', 'seconds'), [*steps, ('**all**', total)])}\n"
    )
