"""The message for an internal error: everything a bug report needs, without values of inputs or the environment."""

from __future__ import annotations

import platform
import traceback
from collections.abc import Sequence
from pathlib import PurePath

from floe_compiler.commands.version import version
from floe_compiler.report.secrecy import hide_in_text
from floe_compiler.report.terminal import visible

LONGEST_MESSAGE = 200


def bug_report(error: BaseException, arguments: Sequence[str]) -> str:
    """Return a text ready to be pasted into an issue.

    Only the first line of the error's message is used, as other lines often quote data (as in pydantic).
    """
    message = (str(error).splitlines() or [""])[0][:LONGEST_MESSAGE]
    frames = [
        f"  {'/'.join(PurePath(frame.filename).parts[-2:])}:{frame.lineno} in {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith("<")  # importlib's own
    ]
    lines = [
        "floe-compile: internal error. This is a bug in floe-compile, not a mistake in your inputs.",
        "Please report it with these lines:",
        "",
        f"floe-compile {version()}, Python {platform.python_version()}, {platform.system()} {platform.machine()}",
        hide_in_text(" ".join(["floe-compile", *arguments])),
        hide_in_text(f"{type(error).__name__}: {message}"),
        *frames,
    ]
    return "".join(f"{visible(line)}\n" for line in lines)
