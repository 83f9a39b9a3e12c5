"""The login proxy in front of an interface that does not ask for a login: oauth2-proxy, without a store of sessions.

Sources: oauth2-proxy v7.15.3 (`pkg/apis/options`: flags; `pkg/validation/cookie.go`: 16, 24 or 32 bytes; Dockerfile:
distroless, user 65532). 7.15.2 fixed critical bypasses of the login. The rendered arguments were run with that program
as another user on a read-only root file system; the test runs them where the program is installed.
"""

from __future__ import annotations

from typing import Any

from floe_compiler.model.facts import Container, Identity, Pod, Probe, Resources, SecretFile, Variable, Workload
from floe_compiler.model.ingress import PROXY, Login, Route
from floe_compiler.model.plan import Instance
from floe_compiler.model.secrets import Secret, SecretKey
from floe_compiler.model.settings import ClusterSettings

IMAGE = "quay.io/oauth2-proxy/oauth2-proxy:v7.15.3"
IDENTITY = Identity(65532, 65532, 65532)
RESOURCES = Resources("10m", "32Mi", "200m", "128Mi")
COOKIE = "oauth2-proxy-cookie"
CLIENT_FILE = "/run/secrets/oauth2-proxy/client/client-secret"
COOKIE_FILE = "/run/secrets/oauth2-proxy/cookie/cookie-secret"
COOKIE_BYTES = 32
CALLBACK = "/oauth2/callback"


def cookie_secret(namespace: str) -> Secret:
    """Return the key that encrypts the sessions of a namespace's proxies. With a new one, users log in again."""
    return Secret(COOKIE, namespace, (SecretKey("cookie-secret", generated=COOKIE_BYTES),), remembered=False)


def login_proxy(instance: Instance[Any], login: Login, route: Route) -> Workload:
    """Return the proxy in front of an interface."""
    server = route.interface.endpoint
    container = Container(
        name="oauth2-proxy",
        image=IMAGE,
        resources=RESOURCES,
        arguments=arguments(instance, login, route),
        variables=(Variable("GOMEMLIMIT", "100MiB"),),
        ports=(PROXY,),
        # It asks the identity provider for its endpoints before it listens.
        startup=Probe(port=PROXY.name, path=PROXY.health, period=5, failures=24),
        liveness=Probe(port=PROXY.name, path=PROXY.health),
        readiness=Probe(port=PROXY.name, path="/ready"),
        secret_files=(
            SecretFile(CLIENT_FILE, login.secret.key("client-secret")),
            SecretFile(COOKIE_FILE, cookie_secret(instance.namespace).key("cookie-secret")),
        ),
    )
    return Workload(
        name=route.server,
        pod=Pod((container,), IDENTITY, calls=(*login.servers, server)),
        replicas=login.replicas,
        # Only people use it, so nothing waits for it, and it may wait for the identity provider.
        awaited=False,
    )


def arguments(instance: Instance[Any], login: Login, route: Route) -> tuple[str, ...]:
    """Return the proxy's arguments. Secrets are in files, and sessions in cookies of the one host."""
    scheme = "https" if login.secure else "http"
    trusted = _trusted(instance.settings.cluster)
    return (
        f"--http-address=0.0.0.0:{PROXY.number}",  # the default is localhost
        "--provider=oidc",
        f"--oidc-issuer-url={login.issuer}",
        f"--client-id={login.client}",
        f"--client-secret-file={CLIENT_FILE}",
        f"--cookie-secret-file={COOKIE_FILE}",
        f"--cookie-secure={str(login.secure).lower()}",
        "--cookie-samesite=lax",
        f"--cookie-expire={login.session}",
        "--code-challenge-method=S256",
        f"--redirect-url={scheme}://{route.host}{CALLBACK}",
        f"--upstream={route.interface.endpoint.url(path='/')}",
        *(f"--email-domain={domain}" for domain in login.email_domains or ("*",)),
        *(f"--allowed-group={group}" for group in login.groups),
        "--skip-provider-button=true",
        *(("--reverse-proxy=true",) if trusted else ()),
        *(f"--trusted-proxy-ip={address}" for address in trusted),
        "--silence-ping-logging=true",
    )


def _trusted(cluster: ClusterSettings) -> tuple[str, ...]:
    """Return the addresses of the ingress controller, as far as they are known.

    It is believed where users come from, which only the log needs: the address of the callback is an argument. With
    no address, oauth2-proxy would believe everybody who reaches it.
    """
    pods = cluster.reach.own if cluster.ingress_namespace else ()
    return tuple(dict.fromkeys((*pods, *cluster.ingress_addresses)))
