"""The certificate authorities that an environment trusts reach every container: as files, and in variables.

One mechanism for all: each container gets the same files and the same variables, as a program only reads those that it
knows. What reads which (tests/kit/test_trust.py connects with most of them), and whether it then still trusts the
authorities of its image:

- `SSL_CERT_FILE`: OpenSSL, and so Python's ssl, httpx and pyarrow (its S3 client asks Python for the path); Go's
  crypto/x509 (root_unix.go). Instead of the image's file; what is in the image's folder `/etc/ssl/certs` counts, too.
- `REQUESTS_CA_BUNDLE`: requests, and with it Snowflake's and Google's clients, dlt and PyIceberg. Instead.
- `CURL_CA_BUNDLE`: curl. Instead. `GIT_SSL_CAINFO`: git, for `dbt deps`. Instead.
- `AWS_CA_BUNDLE`: boto3 and the AWS command line. Instead.
- `NODE_EXTRA_CA_CERTS`: Node.js. In addition.
- `GRPC_DEFAULT_SSL_ROOTS_FILE_PATH`: gRPC's C core, and so gRPC in Python. Instead.
- `JAVA_TOOL_OPTIONS`: every JVM, which reads no PEM: a PKCS #12 file without a password. Instead of its `cacerts`.

libpq has `PGSSLROOTCERT`, which is not set for all: where it is, `sslmode=require` verifies certificates, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from floe_compiler.kit import labels
from floe_compiler.kit.meta import manifest
from floe_compiler.model.facts import Container, Variable
from floe_compiler.model.objects import Object
from floe_compiler.model.settings import Settings
from floe_compiler.model.trust import CERTIFICATES, TRUSTSTORE, BundleSources

VOLUME = "trusted-authorities"
FOLDER = "/etc/floe-trust"
"""A folder of its own: the runtime creates it in the image, and cannot in a read-only volume."""

CERTIFICATES_FILE = f"{FOLDER}/certificates.pem"
TRUSTSTORE_FILE = f"{FOLDER}/{TRUSTSTORE}"
READ_ONLY = 0o444

PEM_VARIABLES = (
    "AWS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "GIT_SSL_CAINFO",
    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
    "NODE_EXTRA_CA_CERTS",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_FILE",
)
JVM = "JAVA_TOOL_OPTIONS"
JVM_OPTIONS = f"-Djavax.net.ssl.trustStore={TRUSTSTORE_FILE} -Djavax.net.ssl.trustStoreType=PKCS12"


def variables(settings: Settings, container: Container) -> tuple[Variable, ...]:
    """Return the variables of a container: its own, which win, and those that name the authorities' files."""
    if settings.trust is None:
        return container.variables
    own = {variable.name: variable for variable in container.variables}
    named = [Variable(name, CERTIFICATES_FILE) for name in PEM_VARIABLES if name not in own]
    if not settings.trust.truststore:
        return (*container.variables, *named)
    options = own.get(JVM, Variable(JVM))
    if options.secret or options.field:
        return (*container.variables, *named)
    # Of two options, the JVM takes the later one.
    joined = Variable(JVM, " ".join(filter(None, (JVM_OPTIONS, options.value))))
    others = (variable for variable in container.variables if variable.name != JVM)
    return (*others, *named, joined)


def volumes(settings: Settings) -> list[Object]:
    """Return the volume of a pod that has the authorities' files."""
    trust = settings.trust
    if trust is None:
        return []
    items = [{"key": trust.certificates, "path": CERTIFICATES_FILE.removeprefix(f"{FOLDER}/")}]
    if trust.truststore:
        items.append({"key": trust.truststore, "path": TRUSTSTORE})
    return [{"name": VOLUME, "configMap": {"name": trust.config_map, "defaultMode": READ_ONLY, "items": items}}]


def mounts(settings: Settings) -> list[Object]:
    """Return the mount of a container that has the authorities' files."""
    return [{"name": VOLUME, "mountPath": FOLDER, "readOnly": True}] if settings.trust else []


def contents(settings: Settings) -> Mapping[str, Mapping[str, str]]:
    """Return the ConfigMap that the compiler renders: name -> key -> value, as it stands in the object."""
    trust = settings.trust
    if trust is None or not trust.rendered:
        return {}
    return {trust.config_map: dict(zip((trust.certificates, trust.truststore), trust.rendered, strict=True))}


def config_maps(settings: Settings) -> list[Object]:
    """Return the ConfigMap of a namespace with pods, if the compiler renders it."""
    common = labels.common_labels(settings, "configuration")
    return [
        manifest(
            "v1",
            "ConfigMap",
            name,
            common,
            data={CERTIFICATES: data[CERTIFICATES]},
            binaryData={TRUSTSTORE: data[TRUSTSTORE]},
        )
        for name, data in contents(settings).items()
    ]


def bundles(settings: Settings) -> list[Object]:
    """Return the Bundle with which trust-manager writes the ConfigMap of each namespace of the environment.

    Source: trust-manager, `pkg/apis/trust/v1alpha1/types_bundle.go` (a PKCS #12 file has no password by default).
    """
    trust = settings.trust
    if trust is None or trust.bundle is None:
        return []
    namespaces = {
        "app.kubernetes.io/part-of": settings.platform.name,
        "floe.dev/environment": settings.environment.name,
    }
    target = {
        "configMap": {"key": trust.certificates},
        "additionalFormats": {"pkcs12": {"key": trust.truststore}},
        "namespaceSelector": {"matchLabels": namespaces},
    }
    spec = {"sources": list(_sources(trust.bundle)), "target": target}
    common = labels.common_labels(settings, "configuration")
    return [manifest("trust.cert-manager.io/v1alpha1", "Bundle", trust.config_map, common, spec=spec)]


def _sources(bundle: BundleSources) -> Iterable[Object]:
    if bundle.public:
        yield {"useDefaultCAs": True}
    yield from ({"secret": {"name": name, "key": key}} for name, key in bundle.secrets)
    yield from ({"configMap": {"name": name, "key": key}} for name, key in bundle.config_maps)
    yield from ([{"inLine": bundle.certificates}] if bundle.certificates else [])
