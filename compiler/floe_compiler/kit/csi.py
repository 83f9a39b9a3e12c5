"""Secrets that the Secrets Store CSI driver mounts into pods, and copies into Secrets where variables need them.

Sources: the driver's "Sync as Kubernetes Secret" (a Secret exists only while a pod mounts its class), and the READMEs
of the providers for Vault, AWS, Azure and Google Cloud.
"""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from floe_compiler.kit import labels
from floe_compiler.kit.meta import manifest, present
from floe_compiler.kit.volume_names import csi_volume
from floe_compiler.model.facts import Container, Pod, containers_of, pod_secrets
from floe_compiler.model.inputs import AwsProvider, AzureProvider, CsiSecrets, GcpProvider, VaultProvider
from floe_compiler.model.joined_names import joined_path
from floe_compiler.model.objects import Object
from floe_compiler.model.secret_ways import way_of
from floe_compiler.model.secrets import Secret, SecretKey
from floe_compiler.model.settings import Settings
from floe_compiler.model.yaml_text import to_yaml

API = "secrets-store.csi.x-k8s.io/v1"
CLASS = "SecretProviderClass"
DRIVER = "secrets-store.csi.k8s.io"
FOLDER = "/mnt/secrets-store"
"""Where a container mounts a secret that it only reads from variables, as the driver copies only what is mounted."""


class CsiFiles(msgspec.Struct, frozen=True):
    """What the driver brings to a pod: the names of secrets, and the paths of the files that it mounts itself."""

    secrets: frozenset[str] = frozenset()
    files: frozenset[str] = frozenset()


NO_CSI = CsiFiles()


def csi_files(settings: Settings, scope: str, pod: Pod) -> CsiFiles:
    """Return what the driver brings to a pod of a scope.

    A folder with files of other secrets, too, is one volume of Secrets: a file cannot be mounted into it.
    """
    platform = settings.platform
    names = frozenset(
        secret.name for secret in pod_secrets([pod]) if isinstance(way_of(platform, scope, secret), CsiSecrets)
    )
    if not names:
        return NO_CSI
    folders: dict[str, dict[str, str]] = defaultdict(dict)
    for container in containers_of(pod):
        for file in container.secret_files:
            folders[posixpath.dirname(file.path)][file.path] = file.secret.secret.name
    complete = (files for files in folders.values() if names.issuperset(files.values()))
    return CsiFiles(names, frozenset(path for files in complete for path in files))


def csi_volumes(csi: CsiFiles) -> Iterable[tuple[str, str, Object]]:
    """Yield the volumes of a pod: name, purpose and source of each."""
    for name in sorted(csi.secrets):
        attributes = {"secretProviderClass": name}
        yield csi_volume(name), name, {"csi": {"driver": DRIVER, "readOnly": True, "volumeAttributes": attributes}}


def csi_mounts(container: Container, csi: CsiFiles) -> Iterable[tuple[str, Object]]:
    """Yield the mounts of a container with their paths: its files, and what it reads from the copies."""
    for file in container.secret_files:
        if file.path in csi.files:
            name = csi_volume(file.secret.secret.name)
            yield file.path, {"name": name, "mountPath": file.path, "subPath": file.secret.key, "readOnly": True}
    for name in sorted(_copied(container, csi)):
        path = f"{FOLDER}/{name}"
        yield path, {"name": csi_volume(name), "mountPath": path, "readOnly": True}


def copied_secrets(settings: Settings, scope: str, pods: Iterable[Pod]) -> frozenset[str]:
    """Return the names of the secrets that pods of a scope read from copies: by variables, or beside other files."""
    return frozenset(
        name
        for pod in pods
        for csi in (csi_files(settings, scope, pod),)
        for container in containers_of(pod)
        for name in _copied(container, csi)
    )


def _copied(container: Container, csi: CsiFiles) -> set[str]:
    read = {variable.secret.secret.name for variable in container.variables if variable.secret}
    read |= {file.secret.secret.name for file in container.secret_files if file.path not in csi.files}
    return read & csi.secrets


def provider_class(settings: Settings, way: CsiSecrets, secret: Secret, path: str, *, copied: bool) -> Object:
    """Return the SecretProviderClass of a secret, whose path in the store is `path`; `copied` into a Secret, or not."""
    data = [{"objectName": key.name, "key": key.name} for key in secret.keys]
    copies = [{"secretName": secret.name, "type": secret.type, "data": data}] if copied else None
    spec = {
        "provider": way.provider.type,
        "parameters": _parameters(way, path, secret.keys),
        **present(secretObjects=copies),
    }
    return manifest(API, CLASS, secret.name, labels.common_labels(settings, "secrets"), spec=spec)


def place(way: CsiSecrets, path: str, key: SecretKey) -> tuple[str, str]:
    """Return where the value of a key is: the entry in the store and the property in it, or Key Vault and secret."""
    name = key.remote or key.name
    match way.provider:
        case VaultProvider():
            return f"{way.provider.path}/{path}", name
        case AwsProvider():
            return path, name
        case AzureProvider():
            return way.provider.vault, joined_path(f"{path}/{name}")
        case GcpProvider():
            return joined_path(path), name


def _parameters(way: CsiSecrets, path: str, keys: Iterable[SecretKey]) -> Mapping[str, str]:
    provider = way.provider
    places = [(key.name, *place(way, path, key)) for key in keys]
    match provider:
        case VaultProvider():
            objects = [{"objectName": name, "secretPath": entry, "secretKey": part} for name, entry, part in places]
            return {"vaultAddress": provider.address, "roleName": provider.role, "objects": _listed(objects)}
        case AwsProvider():
            # A name in quotes is one field, whatever is in it (JMESPath).
            fields = [{"path": f'"{part}"', "objectAlias": name} for name, _, part in places]
            entry = {"objectName": places[0][1], "objectType": "secretsmanager", "jmesPath": fields}
            region = present(region=provider.region)
            identity = {"usePodIdentity": "true"} if provider.identity == "pod-identity" else {}
            return {**region, **identity, "objects": _listed([entry])}
        case AzureProvider():
            texts = [
                to_yaml({"objectName": part, "objectType": "secret", "objectAlias": name}) for name, _, part in places
            ]
            return {
                "clientID": provider.client,
                "keyvaultName": provider.vault,
                "tenantID": provider.tenant,
                "objects": to_yaml({"array": texts}),
            }
        case GcpProvider():
            versions = f"projects/{provider.project}/secrets/{places[0][1]}/versions/latest"
            entries = [{"resourceName": versions, "path": name, "extractJSONKey": part} for name, _, part in places]
            return {"secrets": _listed(entries)}


def _listed(entries: Iterable[dict[str, Any]]) -> str:
    """Return a list of entries as YAML, which the parameter is as text."""
    return "".join("- " + to_yaml(entry).rstrip("\n").replace("\n", "\n  ") + "\n" for entry in entries)
