"""Options that several verbs share."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from floe_compiler.commands.exit_codes import UsageError
from floe_compiler.model.diagnostics import did_you_mean, nearest
from floe_compiler.model.layout import MANIFEST
from floe_compiler.model.objects import ObjectId
from floe_compiler.model.output_paths import OUTPUT, file_name, folder_path

if TYPE_CHECKING:
    from floe_compiler.cache.store import Store
    from floe_compiler.pipeline.workers import Workers

FORMATS = ("text", "json", "github", "sarif")


def add_repository(parser: ArgumentParser) -> None:
    """Add the option that names the repository."""
    parser.add_argument(
        "--root",
        type=Path,
        metavar="FOLDER",
        help=f"the repository (default: the nearest folder, from here upwards, with a {MANIFEST})",
    )


def add_common(parser: ArgumentParser, formats: tuple[str, ...] = FORMATS) -> None:
    """Add the options of most verbs that work on a repository."""
    add_repository(parser)
    parser.add_argument("--format", choices=formats, default="text", help="how to report (default: text)")
    parser.add_argument("-q", "--quiet", action="store_true", help="print errors only")


def add_environments(parser: ArgumentParser) -> None:
    """Add the option that selects environments."""
    parser.add_argument(
        "--env",
        action="append",
        default=[],
        metavar="NAME",
        help="only this environment (may be repeated; default: all)",
    )


def add_domains(parser: ArgumentParser) -> None:
    """Add the option that selects domains."""
    parser.add_argument(
        "--domain",
        action="append",
        default=[],
        metavar="NAME",
        help="only the namespaces of this domain, even if files of others are wrong (may be repeated; default: all)",
    )


def add_cache(parser: ArgumentParser) -> None:
    """Add the options of the cache."""
    parser.add_argument(
        "--cache",
        metavar="FOLDER",
        help="folder of the cache, outside of the repository (default: $FLOE_COMPILE_CACHE, or the user's"
        " cache folder); it may be deleted at any time",
    )
    parser.add_argument("--no-cache", action="store_true", help="do not use the cache: slower, with the same result")


def add_workers(parser: ArgumentParser) -> None:
    """Add the options of the workers."""
    parser.add_argument(
        "-j", "--jobs", type=int, metavar="N", help="processes to use (default: one for each processor core)"
    )
    parser.add_argument(
        "--executor",
        default="",
        metavar="dask=ADDRESS",
        help="run the units on a Dask cluster, such as dask=tcp://scheduler:8786 (needs the extra `dask`)",
    )


def open_workers(options: Namespace) -> AbstractContextManager[Workers]:
    """Open the workers that `--jobs` and `--executor` choose.

    Raises:
        UsageError: if they are invalid.
    """
    from floe_compiler.pipeline.workers import DASK, default_jobs, workers

    if options.jobs is not None and options.jobs < 1:
        raise UsageError(f"--jobs {options.jobs}: give 1 or more")
    if options.executor and not options.executor.startswith(DASK):
        raise UsageError(f'--executor "{options.executor}" is not known; write {DASK}tcp://host:port')
    return workers(options.jobs or default_jobs(), options.executor)


@contextmanager
def open_cache(options: Namespace, root: Path) -> Iterator[Store]:
    """Open the cache that `--cache` and `--no-cache` choose.

    Without a mesh, it may be anywhere: nothing is compiled, and the missing mesh is the error to report.

    Raises:
        UsageError: if it is in the repository that `root` is in.
    """
    from floe_compiler.cache.folder import InRepository, opened
    from floe_compiler.load.git_folder import top_of

    repository = (top_of(root) or root) if (root / MANIFEST).is_file() else None
    with ExitStack() as stack:
        try:
            store = stack.enter_context(opened(options.cache, repository, use=not options.no_cache))
        except InRepository as error:
            raise UsageError(str(error)) from error
        yield store


def chosen_environments(root: Path, names: Iterable[str]) -> tuple[str, ...]:
    """Return the environments that `--env` names.

    Raises:
        UsageError: if the repository has environments, but not all of these.
    """
    chosen = tuple(names)
    known = {path.parent.name for path in root.glob("overlays/*/environment.yaml")} if chosen else set()
    for name in chosen:
        if known and name not in known:
            raise UsageError(f'there is no environment "{name}"; {did_you_mean(name, known)}')
    return chosen


def chosen_domains(root: Path, names: Iterable[str]) -> tuple[str, ...]:
    """Return the domains that `--domain` names.

    Raises:
        UsageError: if there is no folder for one of them.
    """
    chosen = tuple(names)
    known = {path.name for path in root.glob("domains/*/")} if chosen else set()
    for name in chosen:
        if name not in known:
            raise UsageError(f'there is no domain "{name}"; {did_you_mean(name, known)}')
    return chosen


def chosen_scopes(root: Path, scopes: Iterable[str]) -> tuple[str, ...]:
    """Return the environments and namespaces that `--allow-delete` names.

    Raises:
        UsageError: if one of them is not in the output.
    """
    chosen = tuple(scope.rstrip("/") for scope in scopes)
    for scope in chosen:
        site, _, namespace = scope.rpartition("/")
        folders = {
            path.relative_to(root / OUTPUT).as_posix()
            for pattern in ("*/*/", "*/*/*/")
            for path in root.glob(f"{OUTPUT}/{pattern}")
        }
        known = {*folders, *(folder.partition("/")[0] for folder in folders)}
        file = ObjectId("", "Namespace", "", namespace)
        is_declared = site in known and (root / folder_path(site) / file_name(file)).is_file()
        if scope not in known and not (namespace and is_declared):
            hint = nearest(scope, known) or "name an environment, or an environment and a namespace, such as dev/sales"
            raise UsageError(f"--allow-delete {scope}: there is no folder {OUTPUT}/{scope}; {hint}")
    return chosen


def find_root(option: Path | None) -> Path:
    """Return the repository's root as an absolute path.

    Raises:
        UsageError: if it is not a folder.
    """
    if option is not None:
        if not option.is_dir():
            raise UsageError(f"--root {option}: there is no such folder")
        return option.resolve()
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / MANIFEST).is_file()), here)
