"""`floe-compile schema`: the JSON Schemas of the input files, for editors."""

from __future__ import annotations

import json
import re
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from floe_compiler.commands.exit_codes import DONE, FOUND, UsageError
from floe_compiler.commands.options import add_repository, find_root
from floe_compiler.model.diagnostics import did_you_mean
from floe_compiler.model.layout import KINDS
from floe_compiler.model.plain_files import NotPlain, link_in, read_plain
from floe_compiler.write.commit import write_file

if TYPE_CHECKING:  # help lists all verbs, and needs no component
    from floe_compiler.model.plan import Component

FOLDER = "schemas"


EXAMPLES = """\
examples:
  floe-compile schema DataProduct   print the schema of one kind of document
  floe-compile schema --write       write all of them into schemas/, where editors find them
"""


def configure(parser: ArgumentParser) -> None:
    """Add the options."""
    parser.epilog = EXAMPLES
    parser.add_argument("kind", nargs="?", metavar="KIND", help="print this one, such as DataProduct")
    parser.add_argument("--write", action="store_true", help=f"write all into {FOLDER}/ of the repository")
    parser.add_argument("--check", action="store_true", help=f"report whether {FOLDER}/ is current; write nothing")
    add_repository(parser)
    parser.set_defaults(format="text")


def run(options: Namespace) -> int:
    """Print, write or check the schemas."""
    if options.write or options.check:
        root = find_root(options.root)
        try:
            return _compare(root, schema_files(), write=options.write)
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
            path = getattr(error, "filename", None) or root / FOLDER
            sys.stderr.write(f"floe-compile: cannot read or write {path}: {reason}\n")
            return FOUND
    if not options.kind:
        raise UsageError(f"name the kind to print ({', '.join(KINDS)}), or write all with --write")
    if options.kind not in KINDS:
        raise UsageError(f"there is no kind {options.kind}; {did_you_mean(options.kind, KINDS)}")
    sys.stdout.write(schema_files()[file_name(options.kind)])
    return DONE


def schema_files() -> Mapping[str, str]:
    """Return the text of each schema by its file's name."""
    from floe_compiler.components import registry

    return _files_of(tuple(registry().values()))


@cache  # to make them takes longer than all else that `init` does
def _files_of(components: tuple[Component[Any], ...]) -> Mapping[str, str]:
    import msgspec

    from floe_compiler.model.registry import Registry
    from floe_compiler.resolve.editor_schemas import for_editors
    from floe_compiler.resolve.schemas import schemas

    return {
        # Python's encoder is written in C only where it does not indent.
        file_name(kind): msgspec.json.format(json.dumps(for_editors(schema), ensure_ascii=False), indent=2) + "\n"
        for kind, schema in schemas(Registry(imported=components)).items()
    }


def file_name(kind: str) -> str:
    """Return the file name of the schema of a kind: `DataProduct` -> `data-product.schema.json`."""
    return f"{re.sub(r'(?<!^)(?=[A-Z])', '-', kind).lower()}.schema.json"


def stale_schemas(root: Path, files: Mapping[str, str] | None = None) -> list[str]:
    """Return the names of the schemas in a repository that are not as this version writes them (`files`)."""
    if link_in(root, FOLDER):
        raise NotPlain(root / FOLDER)
    files = schema_files() if files is None else files
    current = {path.name: read_plain(path).decode() for path in sorted((root / FOLDER).glob("*.schema.json"))}
    return sorted(name for name in {*files, *current} if files.get(name) != current.get(name))


def _compare(root: Path, files: Mapping[str, str], *, write: bool) -> int:
    folder = root / FOLDER
    stale = stale_schemas(root, files)
    for name in stale:
        if write and name in files:
            folder.mkdir(exist_ok=True)
            write_file(f"{folder}/{name}", files[name])
        elif write:
            (folder / name).unlink()
        sys.stdout.write(f"{'wrote' if write else 'not current:'} {FOLDER}/{name}\n")
    return DONE if write or not stale else FOUND
