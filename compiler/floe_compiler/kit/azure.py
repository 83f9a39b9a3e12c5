"""How pods log in to Azure: as a managed identity or an application, without a secret or with one.

Sources: Azure, "Workload identity" (the annotations of the account, the label of the pod, the server that exchanges
tokens) and "Storage account endpoints"; azure-identity (`EnvironmentCredential`, `WorkloadIdentityCredential`: the
variables, which the clients in Python, Java and Go share).
"""

from __future__ import annotations

from typing import Annotated, Literal

from floe_compiler.model.accounts import WorkloadIdentity
from floe_compiler.model.endpoint import Endpoint, Port
from floe_compiler.model.fields import Name, SecretKeyName, matching
from floe_compiler.model.inputs import Input
from floe_compiler.model.secrets import Secret, SecretKey, SecretReference

CLIENT_ANNOTATION = "azure.workload.identity/client-id"
TENANT_ANNOTATION = "azure.workload.identity/tenant-id"
USE_LABEL = "azure.workload.identity/use"
HTTPS = Port("https", 443, scheme="https")
TOKENS = Endpoint("login.microsoftonline.com", (HTTPS,))
"""The server that exchanges a ServiceAccount's token, or a client secret."""

AccountName = Annotated[str, matching(r"^[a-z0-9]{3,24}$", "3 to 24 lower-case letters and digits", "acmewarehouse")]
ContainerName = Annotated[
    str, matching(r"^[a-z0-9](-?[a-z0-9]){2,62}$", '3 to 63 lower-case letters, digits and single "-"', "warehouse")
]
Guid = Annotated[
    str,
    matching(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", "its ID", "00000000-0000-0000-0000-000000000001"),
]


class AzureIdentity(Input):
    """The pods act as a managed identity or an application with their ServiceAccount, so no key is stored (AKS)."""

    type: Literal["identity"]
    """How the pods log in."""
    client_id: Guid
    """The client ID of the managed identity or application. It must trust the pods' ServiceAccounts."""
    tenant_id: Guid | None = None
    """Its directory tenant. Default: that of the cluster."""


class AzureSecret(Input):
    """The pods log in with a key from a secret of the namespace."""

    type: Literal["secret"]
    """How the pods log in."""
    name: Name
    """The secret's name."""
    key: SecretKeyName
    """The secret's key."""


Login = tuple[WorkloadIdentity | None, SecretReference | None]
"""An identity, or the key of a secret."""


def credentials(login: AzureIdentity | AzureSecret, namespace: str) -> Login:
    """Return what the pods log in with. A secret is never generated: the directory's administrators provide it."""
    if isinstance(login, AzureIdentity):
        return workload_identity(login.client_id, login.tenant_id), None
    return None, Secret(login.name, namespace, (SecretKey(login.key),)).key(login.key)


def workload_identity(client_id: str, tenant_id: str | None = None) -> WorkloadIdentity:
    """Return the identity of pods with this client ID; without a tenant, it is in that of the cluster."""
    tenant = ((TENANT_ANNOTATION, tenant_id),) if tenant_id else ()
    return WorkloadIdentity(((CLIENT_ANNOTATION, client_id), *tenant), ((USE_LABEL, "true"),), (TOKENS,))


def storage(account: str, service: Literal["blob", "dfs"]) -> Endpoint:
    """Return the server of a storage account for blobs, or for files in folders (ADLS)."""
    return Endpoint(f"{account}.{service}.core.windows.net", (HTTPS,))
