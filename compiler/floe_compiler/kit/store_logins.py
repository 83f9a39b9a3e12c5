"""How programs get a login to an object store: variables and files that the clients of each cloud read by themselves.

Sources: the AWS SDKs (the two variables), google-auth and Google's clients in Java, Go and C++ (the variable with the
path of a key), azure-identity in Python, Java and Go (`EnvironmentCredential`). With an identity, the webhooks of AWS
and Azure set variables, and nothing is set here.
"""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.kit.google import KEY_VARIABLE
from floe_compiler.model.accounts import TwoIdentities, WorkloadIdentity, together
from floe_compiler.model.capabilities import Compute, ObjectStore
from floe_compiler.model.data_access import StoreClient
from floe_compiler.model.facts import SecretFile, Variable

_ANNOTATIONS = {"s3": "eks.amazonaws.com/", "gcs": "iam.gke.io/", "adls": "azure.workload.identity/"}
GOOGLE_KEY = "/run/secrets/store/service-account.json"


def login_variables(store: ObjectStore | None, login: StoreClient | None, reason: str) -> Iterator[Variable]:
    """Yield the variables of a login to the store; none without one.

    Args:
        store: The store, if there is one.
        login: The login, if the program needs one.
        reason: Why secrets are in variables.
    """
    if store is None or login is None:
        return
    match store.kind:
        case "s3" if login.access_key and login.secret_key:
            yield Variable("AWS_ACCESS_KEY_ID", secret=login.access_key, reason=reason)
            yield Variable("AWS_SECRET_ACCESS_KEY", secret=login.secret_key, reason=reason)
        case "gcs" if login.secret_key:
            yield Variable(KEY_VARIABLE, GOOGLE_KEY)
        case "adls" if login.secret_key:
            yield Variable("AZURE_TENANT_ID", store.tenant)
            yield Variable("AZURE_CLIENT_ID", login.client_id)
            yield Variable("AZURE_CLIENT_SECRET", secret=login.secret_key, reason=reason)


def identity_of(
    store: ObjectStore | None, login: StoreClient | None, compute: Compute | None
) -> WorkloadIdentity | None:
    """Return the identity of a pod that logs in to the store and to an engine; None if it needs none.

    Raises TwoIdentities if it would need two in one cloud, or if the clients of the engine would find the store's keys
    first, as all libraries of a cloud do.
    """
    of_compute = compute.identity if compute else None
    if store and login and login.secret_key and of_compute and compute and not compute.ignores_keys:
        prefix = _ANNOTATIONS[store.kind]
        for key, value in of_compute.annotations:
            if key.startswith(prefix):
                raise TwoIdentities(f"the owner of the key in {login.secret_key.secret.name}", value, key)
    return together((login.identity if login else None, of_compute))


def login_files(store: ObjectStore | None, login: StoreClient | None) -> tuple[SecretFile, ...]:
    """Return the files of a login to the store."""
    key = login.secret_key if store and login and store.kind == "gcs" else None
    return (SecretFile(GOOGLE_KEY, key),) if key else ()
