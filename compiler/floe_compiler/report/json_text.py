"""Data as JSON, for programs and for the logs of CI systems."""

from __future__ import annotations

import json
from typing import Any


def json_text(document: Any) -> str:
    r"""Return data as JSON with one line break at its end, in ASCII: no terminal and no CI system obeys any of it.

    CI systems look for commands such as `##vso[...]` anywhere in a line, also in JSON. With `\u0023` in the place of
    the second `#`, programs read the same.
    """
    return json.dumps(document, indent=2, default=str).replace("##", "#\\u0023") + "\n"
