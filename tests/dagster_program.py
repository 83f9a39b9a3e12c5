"""Dagster as the compiler renders it, for tests that run the real program."""

# mypy: disable-error-code="import-not-found"

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from floe_compiler.components.orchestrator_dagster import COMPONENT, GRPC, SERVER_ID, build
from floe_compiler.components.orchestrator_dagster.runs import DEFINITIONS
from floe_compiler.kit.products.data_product import IDENTITY
from floe_compiler.model.capabilities import Database
from floe_compiler.model.facts import Container, Parts, Pod, containers_of
from floe_compiler.model.plan import Context, Product
from products import DATABASE, EVERYTHING
from support import PRODUCTION, context_of

PASSWORD = "the-password"
TEMPLATE_HASH = "5f7d9c8b6"
"""What Kubernetes calls the template of a code location's pods."""

STARTS = 300
"""Seconds in which a code location serves: it takes a few, and far longer on a machine with much else to do."""

PROGRAM = str(Path(sys.executable).with_name("dagster"))


def context(*products: Product, database: Database = DATABASE) -> Context[Any]:
    """Return the context of a domain with these products, in production."""
    capabilities = (*(capability for capability in EVERYTHING if capability != DATABASE), database)
    return context_of(COMPONENT, settings=PRODUCTION, capabilities=capabilities, scope="sales", products=products)


def parts(*products: Product, database: Database = DATABASE) -> Parts:
    """Return the facts of a domain with these products."""
    return build(context(*products, database=database))


def write_files(pod: Pod, folder: Path) -> Path:
    """Write the configuration that a pod mounts below `folder`, and return that."""
    for file in (file for container in containers_of(pod) for file in container.config):
        place = folder / file.path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(file.text)
    return folder


def variables(container: Container) -> dict[str, str]:
    """Return a container's variables as Kubernetes would set them; every secret is PASSWORD."""
    return {
        variable.name: PASSWORD if variable.secret else variable.value.replace("$$", "$")
        for variable in container.variables
    }


def code_container(product_: Product, database: Database = DATABASE) -> Container:
    """Return the container of a product's code location."""
    servers = parts(product_, database=database).workloads
    return next(server for server in servers if server.name == f"code-{product_.name}").pod.containers[0]


def told_of_runs(product_: Product) -> dict[str, Any]:
    """Return what a product's code location says about the pods of its runs."""
    return dict(json.loads(variables(code_container(product_))["DAGSTER_CLI_API_GRPC_CONTAINER_CONTEXT"]))


def free_port() -> int:
    """Return a TCP port that nobody listens on."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        return int(reserved.getsockname()[1])


@contextmanager
def code_server(
    product_: Product, folder: Path, database: Database = DATABASE, edit: Callable[[Path], None] | None = None
) -> Iterator[Any]:
    """Start a product's code location as its container does, but for the port and the files' folder; yield a client.

    `edit` changes the files in the folder before it starts.
    """
    from dagster._grpc.client import DagsterGrpcClient

    container, port = code_container(product_, database), free_port()
    write_files(Pod((container,), IDENTITY), folder)
    if edit:
        edit(folder)
    places = {
        "dagster": PROGRAM,
        str(GRPC.number): str(port),
        DEFINITIONS: f"{folder}{DEFINITIONS}",
        f"$({SERVER_ID})": TEMPLATE_HASH,
    }
    command = [places.get(word, word) for word in (*container.command, *container.arguments)]
    with subprocess.Popen(command, env={**os.environ, **variables(container)}) as process:
        try:
            client = DagsterGrpcClient(port=port, host="127.0.0.1")
            end = time.monotonic() + STARTS
            while client.health_check_query() != "SERVING":
                assert process.poll() is None, "the code location has ended"
                assert time.monotonic() < end, f"the code location does not serve after {STARTS} seconds"
                time.sleep(0.5)
            yield client
        finally:
            process.terminate()
