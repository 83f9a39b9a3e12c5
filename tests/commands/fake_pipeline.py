"""A pipeline simple enough to test the verbs with: each domains/<name>.yaml becomes a ConfigMap in every environment.

The environments are the folders of overlays/. A domain that says `fail` is an error, one that says `warn` a warning,
one that says `crash` a bug.
"""

import hashlib
import sys
import types
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

import floe_compiler
from floe_compiler.model.diagnostics import Findings, Rule
from floe_compiler.model.files import File, FileSet
from floe_compiler.model.span import Span
from floe_compiler.pipeline.compilation import Compilation

BAD = Rule("R901", "bad domain", "It says fail.")
NONE = Rule("R903", "no environment", "There is none.")
ODD = Rule("R902", "odd domain", "It says warn.", severity="warning")


def _silent(_: str) -> None:
    pass


def compile_mesh(
    root: Path, environments: tuple[str, ...] = (), progress: Callable[[str], None] = _silent, **_given: object
) -> Compilation:
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
    return Compilation((), FileSet.of(files, findings), digests, warnings)


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
    fake = types.ModuleType("floe_compiler.pipeline")
    fake.__dict__.update(compile_mesh=compile_mesh)
    patch.setitem(sys.modules, "floe_compiler.pipeline", fake)
    patch.setattr(floe_compiler, "pipeline", fake)
    patch.setattr("floe_compiler.load.digests.input_digests", lambda inputs: digests_of(inputs.root))


if __name__ == "__main__":
    from floe_compiler.program import main

    install(pytest.MonkeyPatch())
    sys.exit(main())
