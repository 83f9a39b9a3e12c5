"""The compiled files of a mesh as objects again, with queries for tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, partial
from pathlib import Path

from floe_compiler.cache.folder import opened
from floe_compiler.model.objects import Object
from floe_compiler.pipeline import compile_mesh
from mesh_reader import read

ROOT = Path(__file__).parents[1]
WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob")
SERVERS = ("Deployment", "StatefulSet", "DaemonSet")


@dataclass(frozen=True)
class Rendered:
    """The objects of one environment, which are made when a test first asks for them."""

    name: str
    make: Callable[[], tuple[Object, ...]]

    @cached_property
    def objects(self) -> tuple[Object, ...]:
        """Return the objects."""
        return self.make()

    def of_kind(self, *kinds: str) -> Iterator[Object]:
        """Yield the objects of these kinds."""
        return (manifest for manifest in self.objects if manifest["kind"] in kinds)

    def has(self, kind: str, namespace: str, name: str) -> bool:
        """Tell whether the object is there."""
        return any(names(manifest) == (namespace, name) for manifest in self.of_kind(kind))

    def get(self, kind: str, namespace: str, name: str) -> Object:
        """Return an object; a Job by its name without the hash."""
        (manifest,) = (
            manifest_
            for manifest_ in self.of_kind(kind)
            if names(manifest_) in ((namespace, name), (namespace, f"{name}-{manifest_['metadata']['name'][-8:]}"))
        )
        return manifest

    def pods(self, *kinds: str) -> Iterator[tuple[str, Object]]:
        """Yield the pod template of each workload of these kinds, with what to call it."""
        for manifest in self.of_kind(*(kinds or WORKLOADS)):
            yield f"{self.name}: {manifest['kind']} {'/'.join(names(manifest))}", template(manifest)

    def containers(self, *kinds: str) -> Iterator[tuple[str, Object]]:
        """Yield each container of each pod, those that prepare it included, with what to call it."""
        for pod_name, pod in self.pods(*kinds):
            for container in (*pod["spec"].get("initContainers", ()), *pod["spec"]["containers"]):
                yield f"{pod_name}: {container['name']}", container


def names(manifest: Object) -> tuple[str, str]:
    """Return namespace and name."""
    return manifest["metadata"].get("namespace", ""), manifest["metadata"]["name"]


def template(workload: Object) -> Object:
    """Return the pod template of a workload."""
    spec = workload["spec"]
    template_: Object = (spec["jobTemplate"]["spec"] if workload["kind"] == "CronJob" else spec)["template"]
    return template_


def container(workload: Object, name: str = "") -> Object:
    """Return a workload's container of that name, or its first one: others are beside it."""
    spec = template(workload)["spec"]
    every = [*spec.get("initContainers", ()), *spec["containers"]] if name else spec["containers"][:1]
    (container_,) = (container__ for container__ in every if name in ("", container__["name"]))
    return dict(container_)


def variables(container: Object) -> dict[str, str]:
    """Return the environment variables of a container that have plain values."""
    return {variable["name"]: variable["value"] for variable in container.get("env", ()) if "value" in variable}


def requests_and_limits(container: Object) -> tuple[str, str, str, str]:
    """Return the requests and limits of CPU and memory."""
    requests, most = container["resources"]["requests"], container["resources"]["limits"]
    return requests["cpu"], requests["memory"], most["cpu"], most["memory"]


def ports(container: Object) -> list[int]:
    """Return the port numbers of a container."""
    return [port["containerPort"] for port in container.get("ports", ())]


@cache
def files_of(root: Path) -> Mapping[str, list[str]]:
    """Return the texts of the objects of each environment of a mesh.

    That of this repository is not compiled: `make fresh` holds its committed output to what it compiles to.
    """
    texts: dict[str, list[str]] = {}
    if root == ROOT:
        for path in sorted((ROOT / "output").rglob("*.yaml")):
            texts.setdefault(path.relative_to(ROOT / "output").parts[0], []).append(path.read_text(encoding="utf-8"))
        return texts
    with opened(None) as cache:
        for file, text in compile_mesh(root, cache=cache).files.items():
            texts.setdefault(file.split("/")[1], []).append(text)
    return texts


def compiled(root: Path = ROOT) -> Mapping[str, Rendered]:
    """Return the environments of a mesh, by name; by default of the one in this repository."""
    names_ = sorted(path.parent.name for path in root.glob("overlays/*/environment.yaml"))
    return {name: Rendered(name, partial(_objects, root, name)) for name in names_}


@cache
def _objects(root: Path, name: str) -> tuple[Object, ...]:
    return tuple(map(read, files_of(root)[name]))
