"""Facts as components declare them, for the tests of the objects that follow."""

from __future__ import annotations

from typing import Any

from floe_compiler.model.endpoint import Endpoint, Port, service_endpoint
from floe_compiler.model.facts import Container, Identity, Pod, Resources, Workload
from floe_compiler.model.plan import Instance
from floe_compiler.model.secrets import Secret, SecretKey
from floe_compiler.model.settings import Settings
from support import DEVELOPMENT

IDENTITY = Identity(1000, 1001, 1002)
HTTP = Port("http", 8080)
METRICS = Port("metrics", 9090)
DATABASE = service_endpoint("db", "floe-platform", "cluster.local", (Port("postgresql", 5432, scheme="postgresql"),))
OUTSIDE = Endpoint("api.example.com", (Port("https", 443, scheme="https"),), cidr="203.0.113.0/24")
SECRET = Secret("login", "floe-platform", (SecretKey("username", literal="app"), SecretKey("password", generated=32)))


def instance(settings: Settings = DEVELOPMENT, **changes: Any) -> Instance[Any]:
    """Return the use of a component called `server` among the platform's shared services."""
    facts: dict[str, Any] = {
        "slot": "test",
        "type": "server",
        "name": "server",
        "scope": "platform",
        "namespace": "floe-platform",
        "config": None,
        "settings": settings,
    }
    return Instance(**{**facts, **changes})


def container(name: str = "main", **changes: Any) -> Container:
    """Return a container with small requests and no special fields."""
    facts = {"image": "docker.io/acme/server:1.2.3", "resources": Resources("100m", "128Mi", "1", "256Mi")}
    return Container(name, **{**facts, **changes})


def pod(*containers: Container, **changes: Any) -> Pod:
    """Return a pod of these containers, or of one."""
    return Pod(containers or (container(),), IDENTITY, **changes)


def workload(pod_: Pod | None = None, **changes: Any) -> Workload:
    """Return a server called `web`."""
    return Workload(**{"name": "web", "pod": pod_ or pod(), **changes})
