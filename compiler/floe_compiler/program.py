"""The program `floe-compile`: imports hardly anything, so that it is ready for signals before the rest is imported."""

import gc
import os
import sys

from floe_compiler.commands.signals import end_at_once, end_in_order, ended_by


def main() -> int:
    """Run the program and return its exit code."""
    try:
        _open_standard_streams()
        end_at_once()
        # Manifests have no cycles, and searching tens of thousands of them takes a fifth of the time.
        gc.disable()
        # Plugins of other packages have no say in what is valid; looking for them takes 10 ms.
        os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"
        from floe_compiler.cli import main as run

        end_in_order()
        return run()
    except KeyboardInterrupt as interrupt:
        return ended_by(interrupt)
    finally:
        # Python searches once more when it ends, which takes a tenth of a run after an edit. It skips what is frozen.
        gc.freeze()


def _open_standard_streams() -> None:
    """Send what is written to a closed stream nowhere. Otherwise, the next file that is opened would take its place."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123 -- as long as the process
