"""The AWS role with which the Secrets Store CSI driver reads the secrets of pods.

Its provider takes the role from the annotation of the pod's ServiceAccount (aws/secrets-store-csi-driver-provider-aws,
`server/server.go`). So a pod that acts as a role already reads its secrets with that.
"""

from __future__ import annotations

from collections.abc import Iterable

from floe_compiler.model.accounts import TwoIdentities
from floe_compiler.model.facts import Parts, Pod, named_pods, pod_secrets
from floe_compiler.model.inputs import AwsProvider, CsiSecrets, SecretsBackend
from floe_compiler.model.secret_ways import way_of
from floe_compiler.model.settings import PlatformSettings
from floe_compiler.model.unit_scopes import scope_name

ROLE_ANNOTATION = "eks.amazonaws.com/role-arn"


def secret_role(platform: PlatformSettings, scope: str, pods: Iterable[Pod]) -> str | None:
    """Return the role for the secrets of pods with one account, if they act as no other; None if they need none.

    Args:
        platform: The settings that say how secrets get into the cluster.
        scope: The scope of the pods.
        pods: The pods.

    Raises:
        TwoIdentities: Their secrets are read with two roles, and they have none of their own.
    """
    if not any(map(_role, (platform.secrets, *(rule.use for rule in platform.secret_rules)))):
        return None
    pods = tuple(pods)
    if any(
        key == ROLE_ANNOTATION for pod in pods if pod.workload_identity for key, _ in pod.workload_identity.annotations
    ):
        return None
    roles = {_role(way_of(platform, scope, secret)) for secret in pod_secrets(pods)} - {None}
    names = sorted(role.replace("{scope}", scope_name(scope)) for role in roles if role)
    if len(names) > 1:
        raise TwoIdentities(names[0], names[1], ROLE_ANNOTATION)
    return names[0] if names else None


def check_secret_roles(platform: PlatformSettings, scope: str, parts: Parts) -> None:
    """Raise TwoIdentities if pods of a component with one account need two roles for their secrets."""
    sharing: dict[str, list[Pod]] = {}
    for name, pod in named_pods(parts):
        sharing.setdefault(pod.account or name, []).append(pod)
    for pods in sharing.values():
        secret_role(platform, scope, pods)


def _role(way: SecretsBackend) -> str | None:
    provider = way.provider if isinstance(way, CsiSecrets) else None
    return provider.role if isinstance(provider, AwsProvider) else None
