"""Why a component cannot work somewhere."""

from __future__ import annotations

import msgspec

from floe_compiler.model.document import DataPath


class Refusal(msgspec.Struct, frozen=True):
    """Why a component cannot work in an environment, and the fix.

    `path` is that of the wrong setting, from the component's settings. If the wrong setting is one of the platform or
    domain, such as `placement`, `scope_path` is its path from the top of their documents.
    """

    message: str
    hint: str
    path: DataPath = ()
    scope_path: DataPath = ()
