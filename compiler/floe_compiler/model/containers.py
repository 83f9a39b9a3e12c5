"""What a component declares about a container: its image, resources, variables, files and health checks."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from floe_compiler.model.endpoint import Port
from floe_compiler.model.folders import Claim, HostPath, Mount, Scratch
from floe_compiler.model.operated_pods import Resources
from floe_compiler.model.secrets import SecretReference


class Probe(msgspec.Struct, frozen=True):
    """A health check: exactly one of `path` (HTTP GET on `port`), `command`, `grpc`, or a TCP connection to `port`."""

    port: str = ""
    path: str = ""
    command: tuple[str, ...] = ()
    grpc: bool = False
    delay: int = 0
    period: int = 10
    timeout: int = 2
    failures: int = 3


class Variable(NamedTuple):
    """An environment variable: a plain value, a field of the pod (`status.podIP`), a secret's key, or an address.

    `interface` is the name of one of the namespace's interfaces: the value is the URL at which users open it. The
    variable is left out where they do not. Pods that are started at run time cannot have one.

    Secrets are mounted as files if the program can read them from files. A secret in a variable needs the `reason`
    why it cannot (REQ-614), which becomes an annotation of the pod.
    """

    name: str
    value: str = ""
    field: str = ""
    secret: SecretReference | None = None
    reason: str = ""
    interface: str = ""


class ConfigFile(msgspec.Struct, frozen=True):
    """A configuration file, mounted read-only at `path`. Files with the same `config_map` share a ConfigMap.

    The ConfigMap's key is the last part of the path. By default, the ConfigMap is mounted as the file's folder;
    `single` mounts only this file (subPath), for folders with other files. `links` are hosts that only people open.
    """

    path: str
    text: str
    config_map: str
    single: bool = False
    executable: bool = False
    links: tuple[str, ...] = ()


class SecretFile(msgspec.Struct, frozen=True):
    """One key of a secret, mounted read-only as the file `path`."""

    path: str
    secret: SecretReference


class Container(msgspec.Struct, frozen=True):
    """One container. `image` is the reference as published by its project; mirrors are applied later.

    `/tmp` is always writable. Any other path that the program writes to needs a Scratch or a Claim, as the root file
    system is read-only. `writable_root` is the reason for an image that cannot run this way.
    """

    name: str
    image: str
    resources: Resources
    command: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    variables: tuple[Variable, ...] = ()
    ports: tuple[Port, ...] = ()
    startup: Probe | None = None
    liveness: Probe | None = None
    readiness: Probe | None = None
    config: tuple[ConfigFile, ...] = ()
    secret_files: tuple[SecretFile, ...] = ()
    scratch: tuple[Scratch, ...] = ()
    claims: tuple[Claim, ...] = ()
    host_paths: tuple[HostPath, ...] = ()
    mounts: tuple[Mount, ...] = ()
    before_stop: tuple[str, ...] = ()
    working_directory: str = ""
    writable_root: str = ""
    certificate: str = ""
    """The folder in which a server finds its certificate (`tls.crt`, `tls.key`), if it has one: `kit.tls`."""

    client_certificate: str = ""
    """The folder in which a program finds the certificate that it shows to servers in other clusters, if it does."""

    certificate_files: tuple[tuple[str, str], ...] = ()
    """The paths in that folder, each with the key of the Secret (`tls.crt`), if the program needs other names."""

    truststore: bool = False
    """Whether it reads the authorities of servers from a PKCS #12 file only, as Java does."""
