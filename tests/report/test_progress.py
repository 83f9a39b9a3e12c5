"""Progress is shown only on terminals, only after some seconds, and is erased at the end."""

import io
import time

from floe_compiler.report.progress import showing_progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_without_a_terminal_nothing_is_shown() -> None:
    stream = io.StringIO()
    with showing_progress(stream, patience=0) as show:
        show("compiling")
    assert stream.getvalue() == ""


def test_short_runs_show_nothing() -> None:
    stream = Terminal()
    with showing_progress(stream, patience=60) as show:
        show("compiling")
    assert stream.getvalue() == ""


def test_a_long_step_shows_even_if_it_began_before_and_is_erased() -> None:
    stream = Terminal()
    with showing_progress(stream, patience=0.01) as show:
        show("first")
        deadline = time.monotonic() + 5
        while "first" not in stream.getvalue() and time.monotonic() < deadline:
            time.sleep(0.01)
        show("second")
    assert stream.getvalue() == "\r\x1b[Kfirst\r\x1b[Ksecond\r\x1b[K"
