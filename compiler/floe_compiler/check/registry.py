"""The rules of this stage: a rule that is not listed here does not run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from floe_compiler.check import acceptances
from floe_compiler.check.capacity import disruption, quota, replicas, spread
from floe_compiler.check.index import Index
from floe_compiler.check.network import ip_addresses, isolation, mesh_callers, outside
from floe_compiler.check.objects import (
    api_versions,
    delivered,
    dropped_fields,
    identity,
    labels,
    list_keys,
    names,
    namespaces,
    nulls,
    quantities,
    schema,
    sizes,
    values,
)
from floe_compiler.check.pods import (
    config_hash,
    cron_jobs,
    exceptions,
    images,
    init_waits,
    jobs,
    launched_pods,
    ports,
    probes,
    resources,
    security,
    service_mesh,
    storage,
    variables,
)
from floe_compiler.check.references import (
    config_references,
    object_references,
    pull_secrets,
    selectors,
    unused_config,
)
from floe_compiler.check.secrets import encrypted, plain_text
from floe_compiler.check.texts import config_files
from floe_compiler.model.diagnostics import Diagnostic, Rule


class RuleModule(Protocol):
    """A module with rules about one unit."""

    @property
    def RULES(self) -> tuple[Rule, ...]:  # noqa: N802 - a constant of each module
        """Return the rules that it checks."""

    def check(self, index: Index) -> Iterable[Diagnostic]:
        """Yield the findings about a unit."""


MODULES: tuple[RuleModule, ...] = (
    api_versions,
    delivered,
    dropped_fields,
    identity,
    labels,
    list_keys,
    names,
    namespaces,
    nulls,
    quantities,
    schema,
    sizes,
    values,
    config_hash,
    cron_jobs,
    images,
    init_waits,
    jobs,
    launched_pods,
    ports,
    probes,
    resources,
    security,
    service_mesh,
    storage,
    variables,
    disruption,
    quota,
    replicas,
    spread,
    config_references,
    object_references,
    pull_secrets,
    selectors,
    unused_config,
    ip_addresses,
    isolation,
    mesh_callers,
    outside,
    plain_text,
    encrypted,
    config_files,
)
ABOUT_ONE_OBJECT: tuple[RuleModule, ...] = (
    delivered,
    dropped_fields,
    labels,
    list_keys,
    names,
    quantities,
    values,
    cron_jobs,
)
"""Those that take long, and look at one object at a time, with the pods that it is the template of.

What they find follows from the object, the version of Kubernetes and the delivery tool. So an object in which they have
found nothing need not be checked again.
"""

RULES: tuple[Rule, ...] = (
    *(rule for module in MODULES for rule in module.RULES),
    exceptions.NEEDLESS,
    acceptances.NEEDLESS,
)
