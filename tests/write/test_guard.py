"""Deletions that Git cannot undo need permission, and others do not."""

from collections.abc import Sequence

import pytest

from floe_compiler.model.diagnostics import Diagnostic, Findings
from floe_compiler.write.guard import Deletions, refused_deletions, report_refused


def refused(delete: Sequence[str], keep: Sequence[str], *allow: str) -> list[tuple[str, str]]:
    return [(finding.subject.removeprefix("output/"), finding.message) for finding in guarded(delete, keep, *allow)]


def guarded(delete: Sequence[str], keep: Sequence[str], *allow: str) -> list[Diagnostic]:
    findings = Findings()
    environments = dict.fromkeys(path.partition("/")[0] for path in delete)
    report_refused([_refused(name, delete, keep, allow) for name in environments], findings)
    assert all(diagnostic.rule.code == "W006" for diagnostic in findings.diagnostics)
    return findings.diagnostics


def _refused(environment: str, delete: Sequence[str], keep: Sequence[str], allow: Sequence[str]) -> Deletions:
    gone, wanted = (
        [f"output/{path}.yaml" for path in group if path.startswith(f"{environment}/")] for group in (delete, keep)
    )
    return refused_deletions(gone, wanted, [*gone, *wanted], frozenset(allow))


MANY = [f"prod/a/service_{number}" for number in range(30)]


def test_a_few_plain_objects_may_be_deleted() -> None:
    assert not refused(["prod/a/service_x", "prod/a/configmap_x"], ["prod/a/service_y"])


def test_the_hint_is_one_command_that_allows_exactly_these_deletions() -> None:
    delete = [
        "prod/_cluster/namespace_a",
        "prod/_delivery/application.argoproj.io_a",
        "prod/a/service_x",
        "prod/b/statefulset.apps_data",
        "dev/a/service_x",
    ]
    keep = ["prod/_cluster/namespace_b", "prod/_delivery/application.argoproj.io_b", "prod/b/service_y"]
    hints = {finding.hint for finding in guarded(delete, keep)}
    options = ("--allow-delete", "prod/a", "--allow-delete", "prod/b", "--allow-delete", "dev")
    assert hints == {f"if all of it is meant: floe-compile {' '.join(options)}"}
    assert not guarded(delete, keep, *options[1::2])
    (alone,) = guarded(["prod/b/statefulset.apps_data"], keep)
    assert alone.hint == "if that is meant: floe-compile --allow-delete prod/b"


@pytest.mark.parametrize(
    "name",
    [
        "persistentvolumeclaim_data",
        "statefulset.apps_data",
        "namespace_data",
        "customresourcedefinition.apiextensions.k8s.io_data",
        "application.argoproj.io_data",
        "kustomization.kustomize.toolkit.fluxcd.io_data",
    ],
)
def test_a_precious_object_needs_permission(name: str) -> None:
    [(scope, message)] = refused([f"prod/a/{name}"], ["prod/a/service_y"])
    assert scope == "prod/a"
    assert "data in prod/a" in message
    assert not refused([f"prod/a/{name}"], ["prod/a/service_y"], "prod/a")
    assert not refused([f"prod/a/{name}"], ["prod/a/service_y"], "prod")
    assert refused([f"prod/a/{name}"], ["prod/a/service_y"], "dev", "prod/b", "a")


@pytest.mark.parametrize("folder", ["a", "_cluster", "_delivery"])
def test_a_whole_folder_needs_permission(folder: str) -> None:
    delete = [f"prod/{folder}/service_x"]
    assert refused(delete, ["prod/b/service_y"]) == [
        (f"prod/{folder}", f"compiling would delete everything in prod/{folder} (1 file)")
    ]
    assert not refused(delete, ["prod/b/service_y"], f"prod/{folder}")


def test_permission_for_a_namespace_covers_only_its_namespace_object() -> None:
    delete = ["prod/_cluster/namespace_a", "prod/a/service_x"]
    keep = ["prod/_cluster/namespace_b", "prod/b/service_y"]
    assert [scope for scope, _ in refused(delete, keep)] == ["prod/a"]
    assert not refused(delete, keep, "prod/a")
    assert [scope for scope, _ in refused([*delete, "prod/_cluster/namespace_c"], keep, "prod/a")] == ["prod/_cluster"]


def test_a_domain_that_is_removed_from_several_environments_is_refused_once() -> None:
    files = ("_cluster/namespace_{}", "_delivery/application.argoproj.io_{}", "{}/service_x", "{}/service_y")
    delete = [f"{environment}/{file.format('a')}" for environment in ("dev", "prod") for file in files]
    keep = [f"{environment}/{file.format('b')}" for environment in ("dev", "prod") for file in files]
    (finding,) = guarded(delete, keep)
    assert finding.subject == "output/dev/a, output/prod/a"
    assert finding.message == "compiling would delete everything in dev/a (2 files), everything in prod/a (2 files)"
    assert finding.hint == "if all of it is meant: floe-compile --allow-delete dev/a --allow-delete prod/a"


def test_more_than_a_third_needs_permission_for_the_environment() -> None:
    assert not refused(MANY[:10], MANY[10:])
    [(scope, message)] = refused(MANY[:11], MANY[11:])
    assert scope == "prod"
    assert "11 of the 30 files" in message
    assert not refused(MANY[:11], MANY[11:], "prod")


def test_ten_files_of_a_small_environment_may_be_deleted() -> None:
    assert not refused(MANY[:10], MANY[10:12])


def test_a_whole_environment_is_refused_once() -> None:
    assert refused(["prod/a/service_x", "prod/b/namespace_x"], ["dev/a/service_x"]) == [
        ("prod", "compiling would delete all 2 files of environment prod")
    ]


def test_permission_for_a_namespace_covers_only_its_application() -> None:
    application = "prod/_delivery/application.argoproj.io"
    gone = ["prod/b/service_x", "prod/_cluster/namespace_b", f"{application}_b"]
    assert not refused(gone, MANY, "prod/b")
    [(scope, message)] = refused([*gone, f"{application}_c"], [*MANY, f"{application}_d"], "prod/b")
    assert (scope, "Application c" in message) == ("prod/_delivery", True)
