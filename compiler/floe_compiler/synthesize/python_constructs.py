"""Components written with cdk8s or cdk8s-plus constructs in Python, through jsii.

cdk8s is imported only here, and only if such a component is used, as that starts a Node.js process and takes 0.3 s.
Every construct takes some more milliseconds.
"""

from __future__ import annotations

import os
import re
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING

from floe_compiler.model.diagnostics import Diagnostic, Rule, StageFailed
from floe_compiler.model.objects import Object, identify
from floe_compiler.model.scopes import is_namespaced
from floe_compiler.node.program import find_node

if TYPE_CHECKING:
    import cdk8s

CONSTRUCT_FAILED = Rule(
    "S105",
    "component's constructs failed",
    "A component that is written with cdk8s constructs raised an error, in Python or in the JavaScript of cdk8s."
    " The message says where. Change the component or its configuration.",
)

# Where jsii finds Node.js, and that it does not warn of an older version. It does not cache unpacked packages, which
# would save 0.1 s, but is in the home folder, which may be read-only.
_JSII = {
    "JSII_RUNTIME_PACKAGE_CACHE": "disabled",
    "JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION": "1",
    "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "1",
    "JSII_SILENCE_WARNING_KNOWN_BROKEN_NODE_VERSION": "1",
    "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
}

_LIBRARY = re.compile(r"cdk8s\w*|constructs|jsii|typeguard")


def objects_of(build: Callable[[cdk8s.Chart], None], namespace: str, component: str = "") -> tuple[Object, ...]:
    """Return the manifests of the constructs that `build` adds to a Chart, as plain data in order of dependencies.

    Constructs without an explicit name get their name in the tree, without a hash: `Deployment(chart, "web")` is
    `web`. `component` is the component's name in diagnostics (default: the function's name).

    Raises StageFailed if the component fails (S105), or if Node.js is not found (S101).
    """
    try:
        with _jsii_settings():
            import cdk8s
        # "Default" is the only name that cdk8s leaves out of generated names.
        chart = cdk8s.Chart(cdk8s.App(), "Default", namespace=namespace, disable_resource_name_hashes=True)
        build(chart)
        return tuple(_placed(manifest) for manifest in chart.to_json())
    except StageFailed:
        raise
    except Exception as error:
        name = component or f"{build.__module__}.{build.__qualname__}"
        raise StageFailed([Diagnostic(CONSTRUCT_FAILED, _reason(error), subject=name)]) from error


def _placed(manifest: Object) -> Object:
    """Return a manifest; if it is cluster-scoped, without the namespace that the chart added."""
    identity = identify(manifest)
    if is_namespaced(identity.group, identity.kind) is False:
        manifest["metadata"].pop("namespace", None)
    return manifest


@contextmanager
def _jsii_settings() -> Iterator[None]:
    """Set the environment variables that jsii reads when it is imported, unless the user has set them."""
    wanted = _JSII | {"JSII_NODE": str(find_node())}
    added = {name: value for name, value in wanted.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]


def _reason(error: Exception) -> str:
    """Return the error, and the component's last line in the traceback."""
    frames = traceback.extract_tb(error.__traceback__)[1:]
    outer = list(takewhile(lambda frame: not any(map(_LIBRARY.fullmatch, Path(frame.filename).parts)), frames))
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    message = f"{type(error).__name__}: {lines[0] if lines else 'no message'}"
    return f"{message} ({Path(outer[-1].filename).name}:{outer[-1].lineno})" if outer else message
