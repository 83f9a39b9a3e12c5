"""The Secrets that will exist in the cluster, with their keys, whatever writes them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

import msgspec
from msgspec.structs import replace

from floe_compiler.model.nested_fields import at, mapping, mappings
from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.model.rendered import ExistingSecret


class SecretKeys(msgspec.Struct, frozen=True):
    """A Secret that will exist: its type, and its keys (None: unknown). `writer` is the object that creates it."""

    namespace: str
    name: str
    keys: frozenset[str] | None
    type: str
    writer: str


def secrets_of(objects: Iterable[tuple[ObjectId, Object]], existing: Iterable[ExistingSecret]) -> Iterator[SecretKeys]:
    """Yield each Secret that an object writes, and those that are managed outside the compiler."""
    writers = {
        ("", "Secret"): _secret,
        ("bitnami.com", "SealedSecret"): _sealed_secret,
        ("cert-manager.io", "Certificate"): _certificate,
        ("external-secrets.io", "ExternalSecret"): _external_secret,
        ("isindir.github.com", "SopsSecret"): _sops_secret,
        ("secrets-store.csi.x-k8s.io", "SecretProviderClass"): _provider_class,
    }
    written: list[SecretKeys] = []
    merged: dict[tuple[str, str], list[SecretKeys]] = defaultdict(list)
    for identity, manifest in objects:
        read = writers.get((identity.group, identity.kind))
        for secret in read(identity, manifest) if read is not None else ():
            if at(manifest, ("spec", "target", "creationPolicy")) == "Merge":
                merged[secret.namespace, secret.name].append(secret)
            else:
                written.append(secret)
    written += [
        SecretKeys(secret.namespace, secret.name, frozenset(secret.keys) or None, secret.type, "")
        for secret in sorted(existing)
    ]
    for secret in written:
        yield _with_keys(secret, merged.pop((secret.namespace, secret.name), ()))
    for first, *others in merged.values():
        yield _with_keys(first, others)


def _with_keys(secret: SecretKeys, merged: Iterable[SecretKeys]) -> SecretKeys:
    """Return a Secret with the keys that others merge into it."""
    keys = [source.keys for source in (secret, *merged)]
    return replace(secret, keys=None if None in keys else frozenset().union(*filter(None, keys)))


def _secret(identity: ObjectId, manifest: Object) -> Iterator[SecretKeys]:
    keys = frozenset(manifest.get("data", {})) | frozenset(manifest.get("stringData", {}))
    yield SecretKeys(identity.namespace, identity.name, keys, manifest.get("type", "Opaque"), str(identity))


def _sealed_secret(identity: ObjectId, manifest: Object) -> Iterator[SecretKeys]:
    spec = manifest.get("spec", {})
    template = spec.get("template", {})
    keys = frozenset(spec.get("encryptedData", {})) | frozenset(template.get("data", {}))
    yield SecretKeys(identity.namespace, identity.name, keys, template.get("type", "Opaque"), str(identity))


def _sops_secret(identity: ObjectId, manifest: Object) -> Iterator[SecretKeys]:
    """Yield what the SOPS Secrets Operator makes of each template."""
    for template in mappings(manifest, ("spec", "secretTemplates")):
        keys = frozenset((*mapping(template, ("data",)), *mapping(template, ("stringData",))))
        kind = template.get("type") or "Opaque"
        yield SecretKeys(identity.namespace, template.get("name", ""), keys, kind, str(identity))


def _provider_class(identity: ObjectId, manifest: Object) -> Iterator[SecretKeys]:
    """Yield the Secrets that the Secrets Store CSI driver makes while a pod mounts the class."""
    for copy in mappings(manifest, ("spec", "secretObjects")):
        keys = frozenset(item.get("key", "") for item in mappings(copy, ("data",)))
        kind = copy.get("type") or "Opaque"
        yield SecretKeys(identity.namespace, copy.get("secretName", ""), keys, kind, str(identity))


def _certificate(identity: ObjectId, manifest: Object) -> Iterator[SecretKeys]:
    name = manifest.get("spec", {}).get("secretName")
    if name:
        keys = frozenset({"ca.crt", "tls.crt", "tls.key"})
        yield SecretKeys(identity.namespace, name, keys, "kubernetes.io/tls", str(identity))


def _external_secret(identity: ObjectId, manifest: Object) -> Iterator[SecretKeys]:
    spec = manifest.get("spec", {})
    target = spec.get("target", {})
    if target.get("creationPolicy") == "None":
        return
    template = target.get("template", {})
    name = target.get("name", identity.name)
    yield SecretKeys(identity.namespace, name, _keys(spec, template), template.get("type", "Opaque"), str(identity))


def _keys(spec: Object, template: Object) -> frozenset[str] | None:
    """Return an ExternalSecret's keys: those of its template, with the fetched keys if it merges them."""
    templated = frozenset(template.get("data", {}))
    if "templateFrom" in template:
        return None
    if templated and template.get("mergePolicy", "Replace") == "Replace":
        return templated
    fetched = frozenset(item.get("secretKey", "") for item in spec.get("data", ()))
    generated = [_generated(source) for source in spec.get("dataFrom", ())]
    if None in generated:
        return None
    return templated | fetched | frozenset("password" for _ in generated)


def _generated(source: Object) -> str | None:
    """Return the key that a Password generator creates, or None if the source's keys are unknown."""
    generator = source.get("sourceRef", {}).get("generatorRef", {})
    return "password" if generator.get("kind") == "Password" and "rewrite" not in source else None


def plain_keys(secret: Object) -> tuple[str, ...]:
    """Return the paths of a Secret's plain values, sorted."""
    return tuple(
        sorted(
            f"{field}.{key}"
            for field in ("data", "stringData")
            for key, value in secret.get(field, {}).items()
            if value
        )
    )
