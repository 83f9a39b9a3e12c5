"""Argo CD: argoproj.io/v1alpha1, as its definitions of 2026 have them."""

from __future__ import annotations

from collections.abc import Mapping

from floe_compiler.check.objects.custom_resources.words import (
    FLAG,
    MAPPING,
    TEXT,
    TEXTS,
    WHOLE,
    Schema,
    listed,
    record,
    resource,
    word,
)

_GROUP = "argoproj.io/v1alpha1"

_KIND = record("group kind", group=TEXT, kind=TEXT)
_NAMED_KIND = record("group kind", group=TEXT, kind=TEXT, name=TEXT)
_DESTINATION = record(name=TEXT, namespace=TEXT, server=TEXT)

_PROJECT = record(
    clusterResourceBlacklist=listed(_NAMED_KIND),
    clusterResourceWhitelist=listed(_NAMED_KIND),
    description=TEXT,
    destinationServiceAccounts=listed(
        record("defaultServiceAccount server", defaultServiceAccount=TEXT, namespace=TEXT, server=TEXT)
    ),
    destinations=listed(_DESTINATION),
    namespaceResourceBlacklist=listed(_KIND),
    namespaceResourceWhitelist=listed(_KIND),
    orphanedResources=record(ignore=listed(record(group=TEXT, kind=TEXT, name=TEXT)), warn=FLAG),
    permitOnlyProjectScopedClusters=FLAG,
    roles=listed(
        record(
            "name", name=TEXT, description=TEXT, groups=listed(TEXT), jwtTokens=listed(MAPPING), policies=listed(TEXT)
        )
    ),
    signatureKeys=listed(record("keyID", keyID=TEXT)),
    sourceNamespaces=listed(TEXT),
    sourceRepos=listed(TEXT),
    syncWindows=listed(
        record(
            andOperator=FLAG,
            applications=listed(TEXT),
            clusters=listed(TEXT),
            description=TEXT,
            duration=TEXT,
            kind=TEXT,
            manualSync=FLAG,
            namespaces=listed(TEXT),
            schedule=TEXT,
            syncOverrun=FLAG,
            timeZone=TEXT,
        )
    ),
)

_SOURCE = record(
    "repoURL",
    repoURL=TEXT,
    path=TEXT,
    targetRevision=TEXT,
    chart=TEXT,
    name=TEXT,
    ref=TEXT,
    directory=record(exclude=TEXT, include=TEXT, jsonnet=MAPPING, recurse=FLAG),
    helm=MAPPING,
    kustomize=MAPPING,
    plugin=MAPPING,
)
_DIFFERENCE = {
    "jqPathExpressions": listed(TEXT),
    "jsonPointers": listed(TEXT),
    "name": TEXT,
}
_SYNC_POLICY = record(
    automated=record(allowEmpty=FLAG, enabled=FLAG, prune=FLAG, selfHeal=FLAG),
    managedNamespaceMetadata=record(annotations=TEXTS, labels=TEXTS),
    retry=record(limit=WHOLE, refresh=FLAG, backoff=record(duration=TEXT, factor=WHOLE, maxDuration=TEXT)),
    syncOptions=listed(TEXT),
)
_APPLICATION = record(
    "destination project",
    destination=_DESTINATION,
    ignoreDifferences=listed(
        record("kind", group=TEXT, kind=TEXT, namespace=TEXT, managedFieldsManagers=listed(TEXT), **_DIFFERENCE)
    ),
    info=listed(record("name value", name=TEXT, value=TEXT)),
    project=TEXT,
    revisionHistoryLimit=WHOLE,
    source=_SOURCE,
    sources=listed(_SOURCE),
    syncPolicy=_SYNC_POLICY,
)

_PATHS = listed(record("path", path=TEXT, exclude=FLAG))
_GENERATOR = record(
    clusters=record(flatList=FLAG, selector=MAPPING, template=MAPPING, values=TEXTS),
    git=record(
        "repoURL revision",
        directories=_PATHS,
        files=_PATHS,
        pathParamPrefix=TEXT,
        repoURL=TEXT,
        requeueAfterSeconds=WHOLE,
        revision=TEXT,
        template=MAPPING,
        values=TEXTS,
    ),
    list=record(elements=listed(MAPPING), elementsYaml=TEXT, template=MAPPING),
    # The generators that combine or ask others take any of these again; Argo CD checks them.
    matrix=MAPPING,
    merge=MAPPING,
    plugin=MAPPING,
    pullRequest=MAPPING,
    scmProvider=MAPPING,
    clusterDecisionResource=MAPPING,
    selector=MAPPING,
)
_APPLICATION_SET = record(
    "generators template",
    applyNestedSelectors=FLAG,
    generators=listed(_GENERATOR),
    goTemplate=FLAG,
    goTemplateOptions=listed(TEXT),
    ignoreApplicationDifferences=listed(record(**_DIFFERENCE)),
    preservedFields=record(annotations=listed(TEXT), labels=listed(TEXT)),
    strategy=record(
        type=TEXT,
        deletionOrder=TEXT,
        rollingSync=record(
            steps=listed(record(matchExpressions=listed(MAPPING), maxUpdate={"type": ["integer", "string"]}))
        ),
    ),
    syncPolicy=record(
        applicationsSync=word("create-only", "create-update", "create-delete", "sync"),
        preserveResourcesOnDeletion=FLAG,
    ),
    template=record(
        "metadata spec",
        metadata=record(annotations=TEXTS, finalizers=listed(TEXT), labels=TEXTS, name=TEXT, namespace=TEXT),
        spec=_APPLICATION,
    ),
    templatePatch=TEXT,
)

SCHEMAS: Mapping[tuple[str, str], Schema] = {
    (_GROUP, "AppProject"): resource(_PROJECT),
    (_GROUP, "Application"): resource(_APPLICATION),
    (_GROUP, "ApplicationSet"): resource(_APPLICATION_SET),
}
"""The schemas by API version and kind."""
