"""Paths of fields are written the same way in differences and explanations."""

from floe_compiler.model.document import DataPath
from floe_compiler.report.diff import compare
from floe_compiler.report.field_paths import show_field, show_keys
from report.samples import deployment, manifests

POD: DataPath = ("spec", "template", "spec", "containers", 0)


def test_keys_are_written_as_people_do() -> None:
    assert show_keys(("spec", "containers", "[app]", "image")) == "spec.containers[app].image"
    assert show_keys(("data", "app.yaml")) == 'data["app.yaml"]'


def test_items_are_named_by_their_merge_keys() -> None:
    mounts = [{"name": "tmp", "mountPath": "/tmp"}, {"name": "tmp", "mountPath": "/run"}]
    manifest = deployment(volumeMounts=mounts, command=["sh", "-c"], ports=[{"name": "a"}, {"name": "a"}])
    pod = "spec.template.spec.containers[app]"
    assert show_field((*POD, "image"), manifest) == f"{pod}.image"
    assert show_field((*POD, "volumeMounts", 1, "name"), manifest) == f"{pod}.volumeMounts[/run].name"
    assert show_field((*POD, "command", 1), manifest) == f"{pod}.command[1]"
    assert show_field((*POD, "ports", 1, "name"), manifest) == f"{pod}.ports[1].name", "two share the name"


def test_a_difference_names_a_field_the_same_way() -> None:
    before, after = (deployment(image=f"a/b:{number}") for number in (1, 2))
    (change,) = compare("dev", manifests([before]), manifests([after])).changes
    assert [field.path for field in change.fields] == [show_field((*POD, "image"), after)]
