"""Exports of Services to other clusters, by the Multi-Cluster Services API (multicluster.x-k8s.io).

Source: kubernetes-sigs/mcs-api 0.5, `pkg/apis/v1alpha1/serviceexport.go`. Its definition serves v1alpha1, as all
before it did, and v1beta1.
"""

from __future__ import annotations

from typing import Any

from floe_compiler.kit import labels
from floe_compiler.kit.ingress import LINKS
from floe_compiler.kit.meta import manifest
from floe_compiler.model.facts import Parts
from floe_compiler.model.links import Linked
from floe_compiler.model.plan import DeclaredInstance, DeclaredUnit, Instance

API = "multicluster.x-k8s.io/v1alpha1"


def exporting_instance(unit: DeclaredUnit, linked: Linked) -> DeclaredInstance:
    """Return the exports of the Services that other clusters call, as if a component had declared them."""
    instance: Instance[Any] = Instance(
        slot=LINKS,
        type="mcs",
        name=LINKS,
        scope=unit.scope,
        namespace=unit.namespace,
        config=None,
        settings=unit.settings,
        origin=linked.origin,
    )
    exports = tuple(
        manifest(API, "ServiceExport", server, labels.selector(instance, server)) for server, _ in linked.ports
    )
    return DeclaredInstance(instance, Parts(objects=exports))
