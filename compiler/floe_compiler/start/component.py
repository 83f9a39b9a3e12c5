"""The package of a component that others write: its module, its tests, and what tools need to know, as text."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from floe_compiler.start.documents import YOURS


class NewComponent(msgspec.Struct, frozen=True):
    """A component that is begun: its type, its slot, where it runs, and the version of the compiler that it is for."""

    type: str
    slot: str
    scope: str
    version: str

    @property
    def package(self) -> str:
        """Return the name of its package, and of the folder."""
        return f"{self.slot.rpartition('.')[2].replace('_', '-')}-{self.type}"

    @property
    def module(self) -> str:
        """Return the name of its Python module: the package's, with underscores."""
        return self.package.replace("-", "_")

    @property
    def config(self) -> str:
        """Return the name of the class of its settings."""
        return "".join(part.capitalize() for part in self.module.split("_")) + "Config"


def files(component: NewComponent) -> Mapping[str, str]:
    """Return the text of each file by its path."""
    words = {
        "TYPE": component.type,
        "SLOT": component.slot,
        "SCOPE": component.scope,
        "VERSION": component.version,
        "PACKAGE": component.package,
        "MODULE": component.module,
        "CONFIG": component.config,
        "YOURS": YOURS,
    }
    templates = {
        "pyproject.toml": PYPROJECT,
        "README.md": README,
        f"{component.module}.py": MODULE,
        f"test_{component.module}.py": TEST,
    }
    return {f"{component.package}/{file}": _filled(text, words) for file, text in templates.items()}


def _filled(template: str, words: Mapping[str, str]) -> str:
    for name, word in words.items():
        template = template.replace(f"<{name}>", word)
    return template


PYPROJECT = """\
[build-system]
requires = ["hatchling>=1.27"]
build-backend = "hatchling.build"

[project]
name = "<PACKAGE>"
version = "0.1.0"
description = "The component <TYPE> for the slot <SLOT> of floe-compile"
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["floe-compile>=<VERSION>"]

[project.optional-dependencies]
dev = ["mypy>=1.14", "pytest>=8.3", "ruff>=0.9"]

[project.entry-points."floe_compile.components"]
<TYPE> = "<MODULE>:COMPONENT"

[tool.hatch.build.targets.wheel]
only-include = ["<MODULE>.py"]

[tool.ruff]
line-length = 120
target-version = "py311"

[tool.ruff.lint]
select = ["B", "C4", "E", "F", "I", "N", "PT", "RUF", "SIM", "UP", "W"]

[tool.mypy]
strict = true
python_version = "3.11"
files = ["."]
plugins = ["pydantic.mypy"]
"""

README = """\
# <PACKAGE>

The component `<TYPE>` for the slot `<SLOT>` of floe-compile.

```console
pip install --editable '.[dev]'
pytest
ruff check . && ruff format --check . && mypy
```

Whoever compiles a mesh that uses it installs this package, and writes the component into `platform-manifest.yaml`:

```yaml
<SLOT>: {type: <TYPE>}
```

`floe-compile components <SLOT>` lists its settings, and `floe-compile schema --write` lets editors know them.

| file | has |
|---|---|
| `<MODULE>.py` | its settings, and the facts of what it runs; objects, policies and accounts follow from these |
| `test_<MODULE>.py` | tests with a small mesh that is compiled with it |
"""

MODULE = '''\
"""The component <TYPE> for the slot <SLOT>."""

from __future__ import annotations

from typing import Annotated, Literal

from floe_compiler.model.endpoint import Port
from floe_compiler.model.facts import Container, Identity, Parts, Pod, Probe, Resources, Workload
from floe_compiler.model.inputs import Input
from floe_compiler.model.plan import Component, Context
from pydantic import Field

NAME = "<TYPE>"
IMAGE = "ghcr.io/example/<TYPE>:1.0.0"  <YOURS> its image, with registry and exact tag
HTTP = Port("http", 8080, health="/healthz")  <YOURS> its port, and the path that says that it is ready
USER = Identity(user=1000, group=1000, volume_group=1000)
RESOURCES = Resources("100m", "128Mi", "500m", "256Mi")


class <CONFIG>(Input):
    """What the component <TYPE> is for."""

    type: Literal["<TYPE>"] = "<TYPE>"
    """The kind of component."""
    replicas: Annotated[int, Field(ge=1)] = 2
    """How many pods serve it."""


def build(context: Context[<CONFIG>]) -> Parts:
    """Return what it runs: one server."""
    health = Probe(port=HTTP.name, path=HTTP.health)
    container = Container(
        name=NAME,
        image=IMAGE,
        resources=RESOURCES,
        ports=(HTTP,),
        liveness=health,
        readiness=health,
    )
    return Parts((Workload(NAME, Pod((container,), USER), replicas=context.config.replicas),))


COMPONENT = Component(
    slot="<SLOT>",
    type=NAME,
    summary="What the component <TYPE> is for",
    config=<CONFIG>,
    build=build,
    scope="<SCOPE>",
)
'''

TEST = '''\
"""The component <TYPE>: what it compiles to in a small mesh, and what is said of wrong settings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from floe_compiler.model.diagnostics import StageFailed
from floe_compiler.pipeline import compile_mesh
from floe_compiler.pipeline.compilation import Compilation

SLOT = "<SLOT>"
OWNER = "team@example.com"


def compiled(root: Path, **settings: Any) -> Compilation:
    """Return what a mesh with the component compiles to."""
    slot: Any = {"type": "<TYPE>", **settings}
    for group in reversed(SLOT.split(".")):
        slot = {group: slot}
    documents = {
        "platform-manifest.yaml": {
            "apiVersion": "floe.dev/v1",
            "kind": "PlatformManifest",
            "metadata": {"name": "mesh", "version": "1.0.0", "owner": OWNER},
            "secrets": {"type": "generated"},
            "delivery": {"type": "argocd", "repository": "https://git.example.com/mesh.git", "path": "."},
            **slot,
        },
        "overlays/dev/environment.yaml": {
            "apiVersion": "floe.dev/v1",
            "kind": "Environment",
            "metadata": {"name": "dev", "owner": OWNER},
            "cluster": {"name": "kind"},
            "storage_class": "standard",
        },
        "domains/sales/domain.yaml": {
            "apiVersion": "floe.dev/v1",
            "kind": "Domain",
            "metadata": {"name": "sales", "owner": OWNER},
        },
    }
    for path, document in documents.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(json.dumps(document, indent=2))  # which is YAML, too
    return compile_mesh(root)


def test_as_many_pods_as_are_asked_for(tmp_path: Path) -> None:
    files = compiled(tmp_path, replicas=3).files
    servers = [text for path, text in files.items() if path.endswith("/deployment.apps_<TYPE>.yaml")]
    assert servers
    assert all("\\n  replicas: 3\\n" in server for server in servers)


def test_it_passes_all_checks(tmp_path: Path) -> None:
    assert compiled(tmp_path).warnings == ()


def test_a_wrong_setting_is_reported_at_its_place(tmp_path: Path) -> None:
    with pytest.raises(StageFailed) as failed:
        compiled(tmp_path, replicas=0)
    (found,) = failed.value.diagnostics
    assert str(found.span).startswith("platform-manifest.yaml:")
    assert "replicas" in found.message
'''
