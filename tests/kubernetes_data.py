"""Writes the data about Kubernetes' own kinds that no OpenAPI document has, from its Go modules.

`python tests/kubernetes_data.py FOLDER ...` reads a folder for each version of `k8s.io/api` and of `k8s.io/kubernetes`,
of each the oldest first, and writes

- `enumerations.json`: the values of each field that takes one of a few, from the types marked `+enum` in `types.go`,
  and the release that has a value first, if it is not as old as the enumeration.
- `life_cycles.json`: in which release each kind of an alpha or beta version was introduced, deprecated and removed, and
  the version that replaces it, from `zz_generated.prerelease-lifecycle.go`. Newer versions of the module have the last
  word, but lack what was removed long ago.
- `gated_fields.json`: the feature gate of each field that came with one (`+featureGate` in `types.go`), and the release
  in which the gate became the default, if it did (`pkg/features/kube_features.go`).
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from floe_compiler.model.kubernetes_schemas import known_versions, kubernetes_schemas

FOLDER = Path(__file__).parents[1] / "compiler" / "floe_compiler" / "check" / "objects" / "kubernetes"

_GROUP = re.compile(r'^const GroupName = "(.*)"', re.MULTILINE)
_ENUM = re.compile(r"^// \+enum\n(?://.*\n)*type (\w+) string", re.MULTILINE)
_CONSTANT = re.compile(r'^\s*\w+\s+(?:(\w+)\s+=\s+|=\s+(\w+)\()"([^"]*)"', re.MULTILINE)
_ELSEWHERE = re.compile(r"^\s*\w+\s+=\s+(\w+)\([A-Za-z]", re.MULTILINE)
_STRUCT = re.compile(r"^type (\w+) struct \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_FIELD = re.compile(r'^\s*\w+\s+(?:\[\]|\*)*([\w.]+)\s+`json:"(\w+)', re.MULTILINE)
_LIFE = re.compile(
    r"func \(in \*(\w+)\) APILifecycle(Introduced|Deprecated|Removed)\(\) \(major, minor int\) \{"
    r"\n\treturn (\d+), (\d+)"
)
_REPLACEMENT = re.compile(
    r"func \(in \*(\w+)\) APILifecycleReplacement\(\).*\n\treturn .*\{"
    r'Group: "(.*?)", Version: "(.*?)"'
)

_GATED = re.compile(r'// \+featureGate=(\w+)\n(?:\s*//.*\n)*\s*\w+\s+\S+\s+`json:"(\w+)')
_GATE = re.compile(r"^\t(?:\w+\.)?(\w+): \{\n((?:\t\t\{Version:.*\n)+)", re.MULTILINE)
_STAGE = re.compile(r'MustParse\("([\d.]+)"\), Default: (\w+)')

Enumerations = dict[str, dict[str, list[str]]]
Since = dict[str, dict[str, dict[str, str]]]


def main(folders: Sequence[Path]) -> None:
    """Write the files anew; `folders` are the versions of the modules, the oldest first."""
    modules = [folder for folder in folders if folder.name.startswith("api@")]
    cycles: dict[str, dict[str, str]] = {}
    tags: dict[tuple[str, str], str] = {}
    gates: dict[str, list[tuple[str, bool]]] = {}
    for folder in modules:
        cycles |= life_cycles(folder)
        tags |= gate_tags(folder)
    for folder in folders:
        if folder not in modules:
            gates |= feature_gates((folder / "pkg/features/kube_features.go").read_text("utf-8"))
    words = [(_minor(module), enumerations(module)) for module in modules]
    _write("enumerations.json", {"version": f"1.{words[-1][0]}", "types": since(words)})
    _write("life_cycles.json", cycles)
    _write("gated_fields.json", gated_fields(tags, gates))


def enumerations(module: Path) -> Enumerations:
    """Return the values of fields, by the name of their type in OpenAPI documents and by their own."""
    texts = {path.parent: path.read_text("utf-8") for path in sorted(module.glob("*/*/types.go"))}
    values = {_package(folder): _values(text) for folder, text in texts.items()}
    enumerations_: Enumerations = {}
    for folder, text in texts.items():
        own = values[_package(folder)]
        for name, body in _STRUCT.findall(text):
            fields = {}
            for type_, field in _FIELD.findall(body):
                package, _, short = type_.rpartition(".")
                # Other packages are imported under the names of their folders: `v1` is nearly always that of the core.
                of = values["core.v1"] if package in ("v1", "corev1") else own if not package else {}
                if short in of:
                    fields[field] = of[short]
            if fields and not name.endswith("Status"):
                enumerations_[f"io.k8s.api.{_package(folder)}.{name}"] = dict(sorted(fields.items()))
    return dict(sorted(enumerations_.items()))


def since(words: Sequence[tuple[int, Enumerations]]) -> Since:
    """Return the newest enumerations, with the first release that may have each value: empty, if all have it.

    Args:
        words: The enumerations of some releases, by their minor versions, the oldest first.
    """
    newest = words[-1][1]
    since_: Since = {
        type_: {field: dict.fromkeys(values, "") for field, values in fields.items()}
        for type_, fields in newest.items()
    }
    for minor, older in words[:-1]:
        for type_, fields in since_.items():
            for field, values in fields.items():
                known = older.get(type_, {}).get(field)
                for value in values if known else ():
                    if value not in (known or ()):
                        values[value] = f"1.{minor + 1}"
    return since_


def life_cycles(module: Path) -> dict[str, dict[str, str]]:
    """Return the life cycle of each kind, by API version and kind, such as `batch/v1beta1 CronJob`."""
    docs: dict[str, dict[str, str]] = {}
    for path in sorted(module.glob("*/*/zz_generated.prerelease-lifecycle.go")):
        text = path.read_text("utf-8")
        group = _GROUP.findall((path.parent / "register.go").read_text("utf-8"))[0]
        prefix = f"{group}/{path.parent.name}".removeprefix("/")
        for kind, word, major, minor in _LIFE.findall(text):
            docs.setdefault(f"{prefix} {kind}", {})[word.lower()] = f"{major}.{minor}"
        for kind, new_group, version in _REPLACEMENT.findall(text):
            docs[f"{prefix} {kind}"]["replacement"] = f"{new_group}/{version}"
    return {name: cycle for name, cycle in docs.items() if "deprecated" in cycle and not name.endswith("List")}


def gate_tags(module: Path) -> dict[tuple[str, str], str]:
    """Return the feature gate of each field that has one, by the names of its type and its own."""
    return {
        (f"io.k8s.api.{_package(path.parent)}.{name}", field): gate
        for path in sorted(module.glob("*/*/types.go"))
        for name, body in _STRUCT.findall(path.read_text("utf-8"))
        if not name.endswith("Status")
        for gate, field in _GATED.findall(body)
    }


def feature_gates(text: str) -> dict[str, list[tuple[str, bool]]]:
    """Return the versions in which each gate changed, and whether it was on by default from then."""
    return {
        gate: [(version, default == "true") for version, default in _STAGE.findall(body)]
        for gate, body in _GATE.findall(text)
    }


def gated_fields(
    tags: Mapping[tuple[str, str], str], gates: Mapping[str, list[tuple[str, bool]]]
) -> dict[str, dict[str, list[str]]]:
    """Return gate and first release on by default (or an empty text), by type and field.

    Only of fields that came with their gate: others have one for new values, and were never dropped.
    """
    versions = known_versions()
    known = {version: schemas.names for version in versions if (schemas := kubernetes_schemas(version))}
    constants_: dict[str, dict[str, list[str]]] = {}
    for (type_, field), gate in sorted(tags.items()):
        having = [version for version in versions if field in known[version].get(type_, {}).get("properties", {})]
        stages = gates.get(gate, [])
        if having and stages and having[0] == stages[0][0] and having[0] != versions[0] and not stages[0][1]:
            constants_.setdefault(type_, {})[field] = [gate, next((version for version, on in stages if on), "")]
    return constants_


def _minor(module: Path) -> int:
    """Return the minor version of a module's folder, such as `api@v0.34.2`."""
    return int(module.name.rpartition("@v0.")[2].partition(".")[0])


def _package(folder: Path) -> str:
    return f"{folder.parent.name}.{folder.name}"


def _values(text: str) -> Mapping[str, list[str]]:
    """Return the constants of each enumeration in a file."""
    constants: dict[str, list[str]] = {name: [] for name in _ENUM.findall(text)}
    for declared, converted, value in _CONSTANT.findall(text):
        if value and (type_ := declared or converted) in constants:
            constants[type_].append(value)
    # A constant that is made of one in another file is not known, so the enumeration is not, either.
    partly = {*_ELSEWHERE.findall(text)}
    return {name: sorted(set(values_)) for name, values_ in constants.items() if values_ and name not in partly}


def _write(name: str, data: Mapping[str, Any]) -> None:
    (FOLDER / name).write_text("\n".join(_lines(data)) + "\n", "utf-8")


def _lines(data: Mapping[str, Any]) -> Iterator[str]:
    """Yield JSON with a line for each entry of the mappings that matter, so that differences are short."""
    yield "{"
    entries = sorted(data.items())
    for position, (key, value) in enumerate(entries):
        comma = "," if position < len(entries) - 1 else ""
        if key == "types":
            *inner, last = _lines(value)
            yield f'"{key}": {inner[0]}'
            yield from inner[1:]
            yield last + comma
        else:
            yield f'"{key}": {json.dumps(value, sort_keys=True)}{comma}'
    yield "}"


if __name__ == "__main__":
    main([Path(folder) for folder in sys.argv[1:]])
