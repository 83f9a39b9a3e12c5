"""`floe-compile vendor oci://…` for parents: takes one from a registry, into a temporary folder."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from floe_compiler.commands.exit_codes import UsageError


@contextmanager
def fetched_parent(source: str, root: Path) -> Iterator[Path | None]:
    """Open the folder with the manifests of a parent's artifact; None if the source is something else, such as a chart.

    `root` is the repository whose manifest may say who must have signed it.

    Raises:
        UsageError: if it cannot be fetched, or is a parent that cannot be taken.
        StageFailed: if it must be signed by somebody who has not signed it.
    """
    from floe_compiler.commands.parent_signature import required_signature
    from floe_compiler.publish.logins import NoLogin, login_at
    from floe_compiler.publish.parent import BadParent, is_parent, manifests_in
    from floe_compiler.publish.reference import SCHEME, NoTag, NotAReference, parse_reference
    from floe_compiler.publish.registry import pull
    from floe_compiler.publish.session import Refused

    try:
        reference = parse_reference(source) if source.startswith(SCHEME) else None
    except NotAReference as error:  # of a chart: helm takes the newest, or says itself what is wrong with it
        if helm := _no_helm():
            newest = f" (only for a chart, helm finds the newest, and {helm})" if isinstance(error, NoTag) else ""
            raise UsageError(f"{error}{newest}") from None
        reference = None
    if reference is None:
        yield None
        return
    try:
        artifact = pull(reference, login := lambda: login_at(reference.registry))
        if artifact is None:
            raise UsageError(f"there is no {reference}")
        if is_parent(artifact) and (required := required_signature(root)):
            required.check(reference, artifact, login)
        manifests = manifests_in(artifact) if is_parent(artifact) else None
    except (NoLogin, Refused, BadParent) as error:
        raise UsageError(f"{reference} cannot be taken: {error}") from None
    if manifests is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="floe-compile-") as folder:
        for path, content in manifests.items():
            file = Path(folder, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        yield Path(folder)


def _no_helm() -> str:
    """Return why there is no helm; empty if there is one."""
    from floe_compiler.charts.helm import find_helm
    from floe_compiler.model.diagnostics import StageFailed

    try:
        find_helm()
    except StageFailed as failed:
        return failed.diagnostics[0].message
    return ""
