"""A pipeline simple enough to test the verbs with: each domains/<name>.yaml becomes a ConfigMap in every environment.

The environments are the folders of overlays/. A domain that says `fail` is an error, one that says `warn` a warning,
one that says `crash` a bug.
"""

from __future__ import annotations

import hashlib
import sys
import types
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import floe_compiler
from floe_compiler.load import digests
from floe_compiler.model.diagnostics import Diagnostic, Findings, Rule
from floe_compiler.model.files import File, FileSet
from floe_compiler.model.span import Span

if TYPE_CHECKING:  # it is a program, too, which tests start many times
    import pytest

BAD = Rule("R901", "bad domain", "It says fail.")
NONE = Rule("R903", "no environment", "There is none.")
ODD = Rule("R902", "odd domain", "It says warn.", severity="warning")


class Compiled(NamedTuple):
    """The fields of `Compilation`, whose module would take most of the time of a start to import."""

    environments: tuple[()]
    files: FileSet
    digests: Mapping[str, str]
    warnings: tuple[Diagnostic, ...]
    chosen: None = None
    compiled_units: Mapping[str, int] = types.MappingProxyType({})


def _silent(_: str) -> None:
    pass


def compile_mesh(
    root: Path, environments: tuple[str, ...] = (), progress: Callable[[str], None] = _silent, **_options: object
) -> Compiled:
    findings = Findings()
    digests = {name: digest for name, digest in digests_of(root).items() if name in environments or not environments}
    for name in sorted(set(environments) - set(digests)):
        findings.add(NONE, f"there is no environment {name}")
    domains = sorted((root / "domains").glob("*.yaml"))
    for domain in domains:
        progress(domain.stem)
        _judge(domain.read_text(), Span(f"domains/{domain.name}"), findings)
    warnings = findings.finish()
    files = [
        File(f"output/{environment}/floe-{domain.stem}/configmap_{domain.stem}.yaml", _render(environment, domain))
        for environment in digests
        for domain in domains
    ]
    return Compiled((), FileSet.of(files, findings), digests, warnings)


def digests_of(root: Path) -> Mapping[str, str]:
    texts = [f"{path.name}\n{path.read_text()}" for path in sorted((root / "domains").glob("*.yaml"))]
    digest = hashlib.sha256("\n".join(texts).encode()).hexdigest()
    return {path.name: digest for path in sorted((root / "overlays").glob("*"))}


def _judge(text: str, span: Span, findings: Findings) -> None:
    if "crash" in text:
        raise KeyError("a mistake of ours, password: hunter2")
    if "fail" in text:
        findings.add(BAD, "the domain says fail", span, hint="say something else")
    if "warn" in text:
        findings.add(ODD, "the domain says warn", span)


def _render(environment: str, domain: Path) -> str:
    name, text = domain.stem, domain.read_text().strip()
    return (
        "apiVersion: v1\nkind: ConfigMap\n"
        f"metadata:\n  name: {name}\n  namespace: floe-{name}\ndata:\n  environment: {environment}\n  text: {text}\n"
    )


def install(patch: pytest.MonkeyPatch) -> None:
    """Put this pipeline in the place of the real one."""
    for names, name, value in _replaced():
        patch.setitem(names, name, value)


def _replaced() -> Iterator[tuple[dict[str, Any], str, Any]]:
    """Yield what has another value with this pipeline: in which names, under which, and the value."""
    fake = types.ModuleType("floe_compiler.pipeline")
    # Its other modules are the real ones.
    fake.__dict__.update(compile_mesh=compile_mesh, __path__=[str(Path(floe_compiler.__file__).parent / "pipeline")])
    yield sys.modules, "floe_compiler.pipeline", fake
    yield vars(floe_compiler), "pipeline", fake
    yield vars(digests), "input_digests", lambda inputs: digests_of(inputs.root)


def main() -> int:
    """Run the program `floe-compile` with this pipeline, and return its exit code."""
    from floe_compiler.program import main as run

    for names, name, value in _replaced():
        names[name] = value
    return run()


if __name__ == "__main__":
    sys.exit(main())
