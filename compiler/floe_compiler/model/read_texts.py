"""Texts of objects that several readers need: each is parsed once, or not at all if this process has just written it.

Stages read pods back from files of ConfigMaps, as patches may have changed them. `watch` compares each state with the
next one.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any

from floe_compiler.model.object_memory import remembered, same_object
from floe_compiler.model.objects import Object
from floe_compiler.model.yaml_text import as_read, from_yaml, to_yaml

MOST = 256
"""The most texts that are remembered, the last used ones: about 10 MB."""

_known: OrderedDict[str, Any] = OrderedDict()
_lock = Lock()


def read_only(text: str) -> Any:
    """Parse text as `from_yaml` does. Equal texts have the same data, so nobody may change it."""
    return _remembered_as(text, lambda: from_yaml(text))


def is_read(text: str) -> bool:
    """Return whether a text is known to be YAML, as it was read or written here."""
    return _known.get(text) is not None


def written(manifest: Object) -> str:
    """Return an object as `to_yaml` does, for somebody who will read it back."""
    text = _yaml(same_object(manifest))
    _remembered_as(text, lambda: as_read(manifest))
    return text


@remembered
def _yaml(manifest: Object) -> str:
    return to_yaml(manifest)


def _remembered_as(text: str, read: Callable[[], Any]) -> Any:
    with _lock:
        if text not in _known:
            data = read()
            _known[text] = same_object(data) if isinstance(data, dict) else data
        _known.move_to_end(text)
        if len(_known) > MOST:
            _known.popitem(last=False)
        return _known[text]
