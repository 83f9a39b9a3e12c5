"""Flux: source.toolkit.fluxcd.io/v1 and kustomize.toolkit.fluxcd.io/v1, as their definitions of 2026 have them."""

from __future__ import annotations

from collections.abc import Mapping

from floe_compiler.check.objects.custom_resources.words import (
    DURATION,
    FLAG,
    TEXT,
    TEXTS,
    Schema,
    listed,
    record,
    resource,
    word,
)

_REFERENCE = record("name", name=TEXT)
_TARGET = record(
    annotationSelector=TEXT, group=TEXT, kind=TEXT, labelSelector=TEXT, name=TEXT, namespace=TEXT, version=TEXT
)

_GIT_REPOSITORY = record(
    "interval url",
    ignore=TEXT,
    include=listed(record("repository", fromPath=TEXT, repository=_REFERENCE, toPath=TEXT)),
    interval=DURATION,
    provider=word("generic", "aws", "azure", "github"),
    proxySecretRef=_REFERENCE,
    recurseSubmodules=FLAG,
    ref=record(branch=TEXT, commit=TEXT, name=TEXT, semver=TEXT, tag=TEXT),
    secretRef=_REFERENCE,
    serviceAccountName=TEXT,
    sparseCheckout=listed(TEXT),
    suspend=FLAG,
    timeout=DURATION,
    url={"type": "string", "pattern": "^(http|https|ssh)://.*$"},
    verify=record("secretRef", mode=word("head", "HEAD", "Tag", "TagAndHEAD"), secretRef=_REFERENCE),
)

_KUSTOMIZATION = record(
    "interval prune sourceRef",
    commonMetadata=record(annotations=TEXTS, labels=TEXTS),
    components=listed(TEXT),
    decryption=record("provider", provider=word("sops"), secretRef=_REFERENCE, serviceAccountName=TEXT),
    deletionPolicy=word("MirrorPrune", "Delete", "WaitForTermination", "Orphan"),
    dependsOn=listed(record("name", name=TEXT, namespace=TEXT, readyExpr=TEXT)),
    force=FLAG,
    healthCheckExprs=listed(
        record("apiVersion current", apiVersion=TEXT, kind=TEXT, current=TEXT, failed=TEXT, inProgress=TEXT)
    ),
    healthChecks=listed(record("kind name", apiVersion=TEXT, kind=TEXT, name=TEXT, namespace=TEXT)),
    ignoreMissingComponents=FLAG,
    images=listed(record("name", name=TEXT, newName=TEXT, newTag=TEXT, digest=TEXT)),
    interval=DURATION,
    kubeConfig=record(configMapRef=_REFERENCE, secretRef=record("name", name=TEXT, key=TEXT)),
    namePrefix=TEXT,
    nameSuffix=TEXT,
    patches=listed(record("patch", patch=TEXT, target=_TARGET)),
    path=TEXT,
    postBuild=record(
        substitute=TEXTS,
        substituteFrom=listed(record("kind name", kind=word("Secret", "ConfigMap"), name=TEXT, optional=FLAG)),
        substituteStrategy=word("WithVariables", "Always"),
    ),
    prune=FLAG,
    retryInterval=DURATION,
    serviceAccountName=TEXT,
    sourceRef=record(
        "kind name",
        apiVersion=TEXT,
        kind=word("OCIRepository", "GitRepository", "Bucket", "ExternalArtifact"),
        name=TEXT,
        namespace=TEXT,
    ),
    suspend=FLAG,
    targetNamespace=TEXT,
    timeout=DURATION,
    wait=FLAG,
)

SCHEMAS: Mapping[tuple[str, str], Schema] = {
    ("source.toolkit.fluxcd.io/v1", "GitRepository"): resource(_GIT_REPOSITORY),
    ("kustomize.toolkit.fluxcd.io/v1", "Kustomization"): resource(_KUSTOMIZATION),
}
"""The schemas by API version and kind."""
