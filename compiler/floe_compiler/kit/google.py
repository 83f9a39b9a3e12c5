"""How pods log in to Google Cloud: as a service account of Google's, without a key or with one.

Sources: Google, "Workload Identity Federation for GKE" (the annotation, the metadata server, its addresses under both
data planes), "OAuth 2.0 for server to server applications" (the server that exchanges a key) and "Security Token
Service API"; google-auth (the variable with the path of a key, which all of Google's clients read).
"""

from __future__ import annotations

from typing import Annotated, Literal

from floe_compiler.model.accounts import AS_ITSELF, WorkloadIdentity
from floe_compiler.model.addresses import ANYWHERE
from floe_compiler.model.endpoint import Endpoint, Port
from floe_compiler.model.fields import Name, SecretKeyName, matching
from floe_compiler.model.inputs import Input

ACCOUNT_ANNOTATION = "iam.gke.io/gcp-service-account"
HTTPS = Port("https", 443, scheme="https")
TOKENS = Endpoint("oauth2.googleapis.com", (HTTPS,))
"""The server that exchanges a key."""

KEY_VARIABLE = "GOOGLE_APPLICATION_CREDENTIALS"
"""The variable with the path of a key."""

# Data plane V1 translates the address before policies apply to it; V2 does not.
METADATA = (
    Endpoint("metadata.google.internal", (Port("http", 80),), cidr="169.254.169.254/32"),
    Endpoint("metadata.google.internal", (Port("http", 988),), cidr="169.254.169.252/32"),
)

SERVICE_ACCOUNT = r"^[a-z][a-z0-9-]{4,28}[a-z0-9]@[a-z0-9.-]+\.iam\.gserviceaccount\.com$"
ServiceAccount = Annotated[
    str,
    matching(
        SERVICE_ACCOUNT,
        "the mail address of a service account",
        "floe-dbt@acme-data.iam.gserviceaccount.com",
    ),
]
BucketName = Annotated[
    str,
    matching(r"^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$", 'lower-case letters, digits, ".", "_" and "-"', "acme-warehouse"),
]


class GoogleIdentity(Input):
    """The pods log in with their ServiceAccount, so no key is stored (GKE)."""

    type: Literal["identity"]
    """How the pods log in."""
    service_account: ServiceAccount | None = None
    """The Google service account that they act as, which must let their ServiceAccounts do so. Default: as themselves,
    so that roles are granted to the ServiceAccounts (`principal://...`)."""


class GoogleKey(Input):
    """The pods log in with the key of a Google service account, from a secret of the namespace."""

    type: Literal["secret"]
    """How the pods log in."""
    name: Name
    """The secret's name."""
    key: SecretKeyName = "service-account.json"
    """The secret's key with the JSON file."""


def identity(service_account: str | None) -> WorkloadIdentity:
    """Return the identity of pods that act as a service account of Google's; None: as themselves."""
    return WorkloadIdentity(((ACCOUNT_ANNOTATION, service_account or AS_ITSELF),), endpoints=METADATA)


def api(name: str, cidr: str = ANYWHERE) -> Endpoint:
    """Return the server of one of Google's APIs: `storage`, `sts` ..."""
    return Endpoint(f"{name}.googleapis.com", (HTTPS,), cidr=cidr)
