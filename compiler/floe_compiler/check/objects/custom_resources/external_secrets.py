"""External Secrets Operator: external-secrets.io/v1, as its definitions of 2026 have them."""

from __future__ import annotations

from collections.abc import Mapping

from floe_compiler.check.objects.custom_resources.words import (
    DURATION,
    FLAG,
    KEY,
    MAPPING,
    NAME,
    TEXT,
    TEXTS,
    WHOLE,
    Schema,
    listed,
    record,
    resource,
    word,
)

_GROUP = "external-secrets.io/v1"
_GENERATORS = "generators.external-secrets.io/v1alpha1"

_FETCH = {
    "conversionStrategy": word("Default", "Unicode"),
    "decodingStrategy": word("Auto", "Base64", "Base64URL", "None"),
    "nullBytePolicy": word("Ignore", "Fail"),
}
_REMOTE = record("key", key=TEXT, property=TEXT, version=TEXT, metadataPolicy=word("None", "Fetch"), **_FETCH)
_STORE = record(kind=word("SecretStore", "ClusterSecretStore"), name=NAME)
_GENERATOR = record("kind name", apiVersion=TEXT, kind=TEXT, name=NAME)
_SOURCE: Schema = {**record(storeRef=_STORE, generatorRef=_GENERATOR), "maxProperties": 1}

_REWRITE = record(
    regexp=record("source target", source=TEXT, target=TEXT),
    transform=record("template", template=TEXT),
    merge=record(
        conflictPolicy=word("Ignore", "Error"),
        into=TEXT,
        priority=listed(TEXT),
        priorityPolicy=word("IgnoreNotFound", "Strict"),
        strategy=word("Extract", "JSON"),
    ),
)
_FIND = record(name=record(regexp=TEXT), path=TEXT, tags=TEXTS, **_FETCH)

_TEMPLATE_SOURCE = record(
    "name items", name=NAME, items=listed(record("key", key=KEY, templateAs=word("Values", "KeysAndValues")))
)
_TARGET = record(
    name=NAME,
    creationPolicy=word("Owner", "Orphan", "Merge", "None"),
    deletionPolicy=word("Delete", "Merge", "Retain"),
    immutable=FLAG,
    template=record(
        type=TEXT,
        engineVersion=word("v2"),
        mergePolicy=word("Replace", "Merge"),
        data=TEXTS,
        metadata=record(annotations=TEXTS, labels=TEXTS, finalizers=listed(TEXT)),
        templateFrom=listed(record(configMap=_TEMPLATE_SOURCE, secret=_TEMPLATE_SOURCE, literal=TEXT, target=TEXT)),
    ),
)
_EXTERNAL_SECRET = record(
    data=listed(record("secretKey remoteRef", secretKey=KEY, remoteRef=_REMOTE, sourceRef=_SOURCE)),
    dataFrom=listed(record(extract=_REMOTE, find=_FIND, rewrite=listed(_REWRITE), sourceRef=_SOURCE)),
    refreshInterval=DURATION,
    refreshPolicy=word("CreatedOnce", "Periodic", "OnChange"),
    secretStoreRef=_STORE,
    target=_TARGET,
)

# What a store needs depends on the vault behind it: some forty kinds, whose fields are the operator's business.
_STORE_SPEC = record(
    "provider",
    conditions=listed(record(namespaces=listed(NAME), namespaceRegexes=listed(TEXT), namespaceSelector=MAPPING)),
    controller=TEXT,
    provider={"type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": MAPPING},
    refreshInterval=WHOLE,
    retrySettings=record(maxRetries=WHOLE, retryInterval=TEXT),
)

# A generator has no published schema among the definitions; these are the fields of its documentation.
_PASSWORD = record(
    length=WHOLE,
    digits=WHOLE,
    symbols=WHOLE,
    symbolCharacters=TEXT,
    allowRepeat=FLAG,
    noUpper=FLAG,
    encoding=word("base64", "base64url", "base32", "hex", "raw"),
    secretKeys=listed(TEXT),
)

SCHEMAS: Mapping[tuple[str, str], Schema] = {
    (_GROUP, "ExternalSecret"): resource(_EXTERNAL_SECRET),
    (_GROUP, "SecretStore"): resource(_STORE_SPEC),
    (_GROUP, "ClusterSecretStore"): resource(_STORE_SPEC),
    (_GENERATORS, "Password"): resource(_PASSWORD),
}
"""The schemas by API version and kind."""

REMOVED: Mapping[tuple[str, str], tuple[str, str]] = {
    ("external-secrets.io/v1beta1", kind): ("External Secrets 0.17", _GROUP)
    for kind in ("ClusterExternalSecret", "ClusterSecretStore", "ExternalSecret", "SecretStore")
}
"""What the operator serves no more, by API version and kind: the release that ended it, and the version to write."""
