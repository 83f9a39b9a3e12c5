"""How pods log in to Google Cloud: as a service account of Google's, without a key or with one.

Sources: Google, "Workload Identity Federation for GKE" (the annotation, the metadata server, its addresses under both
data planes) and "OAuth 2.0 for server to server applications" (the server that exchanges a key).
"""

from __future__ import annotations

from typing import Annotated, Literal

from floe_compiler.model.accounts import WorkloadIdentity
from floe_compiler.model.endpoint import Endpoint, Port
from floe_compiler.model.fields import Name, SecretKeyName, matching
from floe_compiler.model.inputs import Input

ACCOUNT_ANNOTATION = "iam.gke.io/gcp-service-account"
HTTPS = Port("https", 443, scheme="https")
TOKENS = Endpoint("oauth2.googleapis.com", (HTTPS,))
"""The server that exchanges a key."""

# Data plane V1 translates the address before policies apply to it; V2 does not.
METADATA = (
    Endpoint("metadata.google.internal", (Port("http", 80),), cidr="169.254.169.254/32"),
    Endpoint("metadata.google.internal", (Port("http", 988),), cidr="169.254.169.252/32"),
)

ServiceAccount = Annotated[
    str,
    matching(
        r"^[a-z][a-z0-9-]{4,28}[a-z0-9]@[a-z0-9.-]+\.iam\.gserviceaccount\.com$",
        "the mail address of a service account",
        "floe-dbt@acme-data.iam.gserviceaccount.com",
    ),
]


class GoogleIdentity(Input):
    """The pods act as a Google service account with their ServiceAccount, so no key is stored (GKE)."""

    type: Literal["identity"]
    """How the pods log in."""
    service_account: ServiceAccount
    """The Google service account. It must let the pods' ServiceAccounts act as itself."""


class GoogleKey(Input):
    """The pods log in with the key of a Google service account, from a secret of the namespace."""

    type: Literal["secret"]
    """How the pods log in."""
    name: Name
    """The secret's name."""
    key: SecretKeyName = "service-account.json"
    """The secret's key with the JSON file."""


def identity(login: GoogleIdentity) -> WorkloadIdentity:
    """Return the identity of pods that act as a service account of Google's."""
    return WorkloadIdentity(((ACCOUNT_ANNOTATION, login.service_account),), endpoints=METADATA)
