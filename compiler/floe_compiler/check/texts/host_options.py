"""Hosts in options of PostgreSQL's tools: `pg_isready -h db -p 5432`."""

from __future__ import annotations

import re

from floe_compiler.check.texts.addresses import HOST, Address

# A tool with its arguments, up to the end of the shell command.
_CALL = re.compile(r"(?<![\w.$-])(?:pg_\w+|psql|createdb|createuser|dropdb|dropuser|pgbench)(?![\w.-])([^\n;|&]*)")
_END = r"(?=[\s\"'`)]|$)"
_HOST_OPTION = re.compile(rf"(?<!\S)(?:-h\s*|--host(?:\s+|=))[\"']?({HOST}){_END}")
_PORT_OPTION = re.compile(rf"(?<!\S)(?:-p\s*|--port(?:\s+|=))[\"']?([0-9]{{1,5}}){_END}")


def option_addresses(text: str) -> tuple[Address, ...]:
    """Return the hosts in the commands of a script, or in the words of a command, each with its port option."""
    hosts: dict[Address, None] = {}
    for call in _CALL.findall(text.replace("\\\n", " ")):
        if host := _HOST_OPTION.search(call):
            port = _PORT_OPTION.search(call)
            hosts[Address(host[1].lower(), int(port[1]) if port else 0, certain=True)] = None
    return tuple(hosts)
