"""TLS of the server: its certificate, and that other pods must use it.

Sources: PostgreSQL 16, chapters 19.9 (TLS) and 21.1 (`pg_hba.conf`); docker-library/postgres, `docker-entrypoint.sh`:
its arguments are those of the server, also while it sets up a new volume, over the socket.
"""

from __future__ import annotations

from msgspec.structs import replace

from floe_compiler.kit.scripts import script
from floe_compiler.kit.tls import FOLDER
from floe_compiler.model.facts import ConfigFile, Container

SCRIPTS = "/scripts"
RUN, RULES = "postgresql-tls.sh", "pg_hba.conf"


def with_tls(container: Container, server: str) -> Container:
    """Return the container of a server that speaks TLS."""
    settings = {
        "ssl": "on",
        "ssl_cert_file": f"{FOLDER}/tls.crt",
        "ssl_key_file": f"{FOLDER}/tls.key",
        "hba_file": f"{SCRIPTS}/{RULES}",
    }
    options = (part for name, value in settings.items() for part in ("-c", f"{name}={value}"))
    files = tuple(ConfigFile(f"{SCRIPTS}/{name}", script(__package__, name), f"{server}-tls") for name in (RUN, RULES))
    return replace(
        container,
        command=("bash", f"{SCRIPTS}/{RUN}", FOLDER),
        arguments=("postgres", *options),
        config=(*container.config, *files),
        certificate=FOLDER,
    )
