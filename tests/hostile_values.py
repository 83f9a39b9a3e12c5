"""A mesh with hand-written objects of many kinds, and any well-formed YAML value anywhere in it."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from hypothesis import strategies as st

from floe_compiler.model.document import DataPath
from small_mesh import SMALL, small_mesh

POD: dict[str, Any] = {
    "serviceAccountName": "tool",
    "securityContext": {"runAsNonRoot": True, "fsGroup": 1000},
    "containers": [
        {
            "name": "tool",
            "image": "ghcr.io/acme/tool:1.2.3",
            "command": ["tool", "--serve"],
            "env": [
                {"name": "HOST", "value": "tool.floe-platform.svc"},
                {"name": "MODE", "valueFrom": {"configMapKeyRef": {"name": "tool", "key": "mode"}}},
            ],
            "envFrom": [{"configMapRef": {"name": "tool"}}],
            "ports": [{"name": "http", "containerPort": 8080}],
            "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"memory": "64Mi"}},
            "readinessProbe": {"httpGet": {"path": "/", "port": "http"}, "periodSeconds": 5},
            "securityContext": {"capabilities": {"drop": ["ALL"]}, "allowPrivilegeEscalation": False},
            "volumeMounts": [{"name": "files", "mountPath": "/files", "subPath": "mode"}],
        }
    ],
    "initContainers": [{"name": "wait", "image": "ghcr.io/acme/tool:1.2.3", "restartPolicy": "Always"}],
    "volumes": [{"name": "files", "configMap": {"name": "tool", "items": [{"key": "mode", "path": "mode"}]}}],
    "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "zone", "labelSelector": {"matchLabels": {"a": "b"}}}],
}
TEMPLATE: dict[str, Any] = {
    "metadata": {"labels": {"app": "tool"}, "annotations": {"floe.dev/config-hash": ""}},
    "spec": POD,
}
JOB: dict[str, Any] = {"backoffLimit": 1, "template": {**TEMPLATE, "spec": {**POD, "restartPolicy": "Never"}}}
PORTS = [{"name": "http", "port": 80, "targetPort": "http"}]
PEERS = [{"podSelector": {"matchLabels": {"app": "tool"}}, "namespaceSelector": {"matchExpressions": []}}]


def _object(api_version: str, kind: str, **keys: Any) -> dict[str, Any]:
    metadata = {"name": "tool", "namespace": "floe-platform", "labels": {"app": "tool"}, "annotations": {"a": "b"}}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **keys}


OBJECTS: list[dict[str, Any]] = [
    _object("apps/v1", "Deployment", spec={"selector": {"matchLabels": {"app": "tool"}}, "template": TEMPLATE}),
    _object("apps/v1", "StatefulSet", spec={"serviceName": "tool", "template": TEMPLATE, "volumeClaimTemplates": []}),
    _object("batch/v1", "CronJob", spec={"schedule": "0 6 * * *", "jobTemplate": {"spec": JOB}}),
    _object("batch/v1", "Job", spec=JOB),
    _object("v1", "Pod", spec=POD),
    _object("v1", "ConfigMap", data={"mode": "fast", "HOST": "https://tool.floe-platform.svc:8080"}, binaryData={}),
    _object("v1", "Service", spec={"selector": {"app": "tool"}, "ports": PORTS}),
    _object("v1", "ServiceAccount", automountServiceAccountToken=False, imagePullSecrets=[{"name": "pull"}]),
    _object("v1", "PersistentVolumeClaim", spec={"resources": {"requests": {"storage": "1Gi"}}}),
    _object("v1", "ResourceQuota", spec={"hard": {"requests.cpu": "1"}}),
    _object("v1", "LimitRange", spec={"limits": [{"type": "Container", "default": {"cpu": "1"}}]}),
    _object(
        "networking.k8s.io/v1",
        "NetworkPolicy",
        spec={"podSelector": {}, "ingress": [{"from": PEERS, "ports": [{"port": 80}]}], "egress": [{"to": PEERS}]},
    ),
    _object(
        "networking.k8s.io/v1",
        "Ingress",
        spec={
            "ingressClassName": "nginx",
            "tls": [{"hosts": ["a.example"], "secretName": "tls"}],
            "rules": [
                {"host": "a.example", "http": {"paths": [{"path": "/", "backend": {"service": {"name": "tool"}}}]}}
            ],
        },
    ),
    _object("policy/v1", "PodDisruptionBudget", spec={"minAvailable": 1, "selector": {"matchLabels": {"app": "tool"}}}),
    _object(
        "autoscaling/v2",
        "HorizontalPodAutoscaler",
        spec={"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "tool"}, "maxReplicas": 3},
    ),
    _object(
        "rbac.authorization.k8s.io/v1", "Role", rules=[{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]
    ),
    _object(
        "rbac.authorization.k8s.io/v1",
        "RoleBinding",
        roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "tool"},
        subjects=[{"kind": "ServiceAccount", "name": "tool"}],
    ),
    _object(
        "external-secrets.io/v1",
        "ExternalSecret",
        spec={
            "secretStoreRef": {"name": "vault", "kind": "SecretStore"},
            "target": {"name": "tool", "template": {"data": {"url": "{{ .url }}"}}},
            "data": [{"secretKey": "url", "remoteRef": {"key": "tool", "property": "url"}}],
            "dataFrom": [{"extract": {"key": "tool"}}],
        },
    ),
    _object(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        spec={
            "group": "acme.example",
            "scope": "Namespaced",
            "names": {"kind": "Widget", "plural": "widgets"},
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "schema": {
                        "openAPIV3Schema": {
                            "type": "object",
                            "properties": {
                                "spec": {
                                    "type": "object",
                                    "required": ["size"],
                                    "oneOf": [{"required": ["size"]}],
                                    "properties": {
                                        "size": {"type": "string", "pattern": "^(?i)(low|high)$", "default": "low"},
                                        "more": {"type": "object", "additionalProperties": {"type": "string"}},
                                        "list": {"type": "array", "items": {"type": "integer", "minimum": 1}},
                                    },
                                }
                            },
                        }
                    },
                }
            ],
        },
    ),
    _object("acme.example/v1", "Widget", spec={"size": "HIGH", "more": {"a": "b"}, "list": [1]}),
    _object("v1", "Namespace"),
]
PATCH = [{"op": "add", "path": "/metadata/annotations/patched", "value": "yes"}]
KUSTOMIZATION: dict[str, Any] = {
    "apiVersion": "kustomize.config.k8s.io/v1beta1",
    "kind": "Kustomization",
    "resources": ["objects.yaml"],
}
STEPS: dict[str, Any] = {
    "patches": [
        {"target": {"kind": "ConfigMap", "labelSelector": "app=tool"}, "patch": json.dumps(PATCH)},
        {"path": "patch.yaml", "target": {"kind": "Deployment", "name": "tool"}},
    ],
    "labels": [{"pairs": {"team": "platform"}, "includeTemplates": True}],
    "images": [{"name": "ghcr.io/acme/tool", "newTag": "1.2.4"}],
    "replicas": [{"name": "tool", "count": 2}],
}
MERGE_PATCH = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "tool"}, "spec": {"replicas": 2}}
WIDE = SMALL.with_name("wide")
"""A mesh with one of nearly every input."""


def documents_of(mesh: Path) -> dict[str, Any]:
    """Return the documents of a mesh, without those of its parents, which a digest locks."""
    files = {str(path.relative_to(mesh)): path for path in sorted(mesh.rglob("*.yaml"))}
    return {
        file: yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
        for file, path in files.items()
        if not file.startswith("vendor/")
    }


AUTHORED = documents_of(SMALL)

WORDS = [
    "tool",
    "*",
    "/",
    "a/b/c",
    "://",
    "(",
    "[",
    "$(A)",
    "${A}",
    "-",
    ":",
    "a=b",
    "..",
    "../..",
    "%s",
    "{",
    "x:y@z",
    "10.0.0.0/99",
    "1",
    "1Gi",
    "-1Gi",
    "1e999",
    "null",
    "apiVersion",
    "v1",
    "/v1",
    "v1/",
    "apps/v1",
]
ODD_CHARACTERS = ["\ud800", "\U0001f600", "\u0000", "\u2028", "\x7f"]
TEXTS = st.one_of(
    st.sampled_from(["", "0 6 * * *", "a" * 300, "k" * 2000, *ODD_CHARACTERS, *WORDS]),
    st.text(max_size=12),
)
SCALARS = st.one_of(
    TEXTS,
    st.none(),
    st.booleans(),
    st.sampled_from([0, -1, 1, 8080, 65536, 2**31, 2**63, 2**64, 10**30, 1.5, -0.0, 1e300]),
)
VALUES = st.recursive(
    SCALARS,
    lambda below: st.one_of(st.lists(below, max_size=3), st.dictionaries(TEXTS, below, max_size=3)),
    max_leaves=5,
)


def paths(data: Any, above: DataPath = ()) -> Iterator[DataPath]:
    """Yield the path of each value in plain data, the data itself first."""
    yield above
    children = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for step, value in children:
        yield from paths(value, (*above, step))


def changed(data: Any, path: DataPath, value: Any) -> Any:
    """Return a copy of plain data with another value at a path."""
    if not path:
        return value
    copied = copy.copy(data)
    copied[path[0]] = changed(data[path[0]], path[1:], value)
    return copied


_IDENTITY = (("apiVersion",), ("kind",), ("metadata",), ("metadata", "name"), ("metadata", "namespace"))
"""Whatever stands there is judged first, so little else would be."""


@st.composite
def anything_in(draw: st.DrawFn, sound: Any) -> Any:
    """Return sound data with any value in one or two places; another key there also counts."""
    data = sound
    for _ in range(draw(st.integers(1, 2))):
        all_paths = list(paths(data))
        inner = [path for path in all_paths if path and path not in _IDENTITY]
        anywhere = draw(st.integers(0, 9)) == 0
        path = draw(st.sampled_from(all_paths if anywhere or not inner else inner))
        value = draw(VALUES)
        above = path[:-1]
        if path and isinstance(path[-1], str) and draw(st.integers(0, 4)) == 0:
            holder = data
            for step in above:
                holder = holder[step]
            data = changed(data, above, {**holder, draw(TEXTS): value})
        else:
            data = changed(data, path, value)
    return data


def as_yaml(data: Any) -> str:
    """Return plain data as YAML. JSON is YAML, and has no character that YAML must escape."""
    return json.dumps(data, indent=1)


def renamed(objects: list[Any]) -> list[Any]:
    """Return the objects with different names, as two of one name would be the only error."""
    return [
        {**data, "metadata": {**data["metadata"], "name": f"{data['metadata']['name']}-{number}"}}
        if isinstance(data, dict)
        and isinstance(data.get("metadata"), dict)
        and isinstance(data["metadata"].get("name"), str)
        else data
        for number, data in enumerate(objects)
    ]


def mesh_with_objects(root: Path, objects: list[Any], kustomization: Any, patch: Any) -> Path:
    """Make the small mesh with hand-written objects and patches in base/."""
    small_mesh(root, {})
    base = root / "base"
    base.mkdir(exist_ok=True)
    (base / "objects.yaml").write_text("\n---\n".join(map(as_yaml, objects)), encoding="utf-8")
    (base / "patch.yaml").unlink(missing_ok=True)
    if patch is not None:
        (base / "patch.yaml").write_text(as_yaml(patch), encoding="utf-8")
    (base / "kustomization.yaml").write_text(as_yaml(kustomization), encoding="utf-8")
    return root
