"""Files by which Argo CD, Flux or kustomize apply something else than the compiled files of a folder.

| name | what it does |
|---|---|
| `kustomization.yaml`, `.yml`, `Kustomization` | Flux builds it instead of listing the files of the folder |
| `.sourceignore` | Flux leaves out what it names, in its folder and below |
| `.krmignore` | kustomize's functions leave out what it names |
| `.argocd-source.yaml`, `.argocd-source-<application>.yaml` | Argo CD merges it into the source of the Application, |
| | such as `directory.include` |
| `Chart.yaml`, and names that end like it | Argo CD takes the folder for a Helm chart if its source names no type |
| `*.json`, `*.jsonnet` | Argo CD takes them for manifests if `directory.include` allows |

Sources: kubernetes-sigs/kustomize `api/konfig/general.go` (RecognizedKustomizationFileNames) and `kyaml/ext/ext.go`
(IgnoreFileName); fluxcd/pkg `kustomize/kustomize_generator.go` (findOrGenerateKustomization, scanManifests) and
`sourceignore/sourceignore.go` (LoadIgnorePatterns), which source-controller calls for each GitRepository;
argoproj/argo-cd `reposerver/repository/repository.go` (repoSourceFile, appSourceFile, manifestFile) and
`util/app/discovery/discovery.go` (Discover).
"""

from __future__ import annotations

import re

from floe_compiler.model.diagnostics import Rule

STEERS_DELIVERY = Rule(
    "W021",
    "file that changes what is delivered",
    "Argo CD, Flux or kustomize obeys a file of this name in a folder of the output: with it, they apply something else"
    " than the compiled files, without any check. Write a patch in base/ or overlays/ instead, and delete the file.",
)

_DELIVERED = 3
"""The number of slashes in the path of a delivered file, at least: `output/<environment>/<folder>/<name>`."""

IGNORED = ".sourceignore"
FLUX = "Flux"
_TOOLS = {
    FLUX: re.compile(r"kustomization\.ya?ml|Kustomization|\.sourceignore"),
    "kustomize": re.compile(r"\.krmignore"),
    "Argo CD": re.compile(r"\.argocd-source(?:-.*)?\.yaml|.*Chart\.yaml|.*\.json(?:net)?"),
}


def obeyed_by(path: str) -> str:
    """Return the tool that obeys a file at a path from the repository's root; empty if none does.

    Only folders of an environment are delivered, not what lies beside them. But the patterns of a `.sourceignore` hold
    for all folders below it.
    """
    name = path.rpartition("/")[2]
    if path.count("/") < _DELIVERED and name != IGNORED:
        return ""
    return next((tool for tool, pattern in _TOOLS.items() if pattern.fullmatch(name)), "")
