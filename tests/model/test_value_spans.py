"""A message about a hand-written object points at the value that it names."""

from __future__ import annotations

from floe_compiler.load.yaml_reader import read_documents
from floe_compiler.model.span import Span
from floe_compiler.model.value_spans import Patch, as_meant, nearest, path_in, value_spans
from tables import table

TEXT = """\
kind: Pod
metadata:
  name: web
  annotations:
    a.example/b: x
spec:
  containers:
    - name: app
      image: nginx
      ports: [{containerPort: 80}]
data:
  app.yaml: y
  two words: z
spec2:
  env: [{name: two words, value: "1"}]
"""


@table(
    "message, line",
    [
        ("spec.containers[app].image is nginx", 9),
        ("spec.containers[app].image: no image", 9),
        ("spec.containers[app].ports[0].containerPort is low", 10),
        ("spec.containers[app].resources is missing", 8),
        ("metadata.namespace is missing", 3),
        ("metadata.annotations[a.example/b] holds", 5),
        ("data[app.yaml] names 10.1.2.3", 12),
        ('data["app.yaml"] is not YAML: line 1: x', 12),
        ("data is not a known key", 12),
        ("kind is not a known key", 1),
        ('line 3 of data[app.yaml] gives "password" a value', 12),
        ("a selector in spec.containers matches nothing", 8),
        ('data["two words"]: no key', 13),
        ("spec2.env[two words].name: no name", 15),
        ("it has no labels", None),
        ("nothing.like.it is there", None),
    ],
)
def test_a_message_points_at_its_value_or_the_nearest_parent(message: str, line: int | None) -> None:
    ((document,), _) = read_documents(TEXT, "base/pod.yaml")
    span = nearest(value_spans(document.values, document.data), path_in(message))
    assert (span.line if span else None) == line


def test_values_under_misspelt_keys_have_the_corrected_path() -> None:
    lines = {"sepc": 1, "sepc.selecter": 2, "sepc.selecter.app": 3, "sepc.ports[web]": 4, "sepcial": 5}
    values = {place: Span("x.yaml", line) for place, line in lines.items()}
    spans = as_meant(values, [("sepc", "spec"), ("spec.selecter", "spec.selector")])
    corrected = {"spec": 1, "spec.selector": 2, "spec.selector.app": 3, "spec.ports[web]": 4}
    assert {place: span.line for place, span in spans.items()}.items() >= {**lines, **corrected}.items()


START = Span("p.yaml", 1, 1)
ANNOTATION, LIMIT, NAME = (Span("p.yaml", line, 5) for line in (5, 9, 8))
CHANGED = {"metadata.annotations.a/b": ANNOTATION, "spec.containers[app].limits": LIMIT}


@table(
    "path, values, blamed",
    [
        ("spec.containers[app].limits", CHANGED, LIMIT),
        ("spec.containers[app].limits.cpu", CHANGED, LIMIT),
        ("spec.containers[app]", CHANGED, LIMIT),
        ("spec.containers[apple]", CHANGED, None),
        ("spec.containers[app].image", CHANGED, None),
        ("metadata.annotations[a/b]", CHANGED, ANNOTATION),
        ("", CHANGED, LIMIT),
        ("", {"metadata.annotations.a/b": ANNOTATION}, None),
        ("", {"spec.template.metadata.annotations.a/b": ANNOTATION}, None),
        ("", {**CHANGED, "spec.replicas": START}, START),
        ("", {"spec.containers[new]": LIMIT, "spec.containers[new].name": NAME}, LIMIT),
    ],
)
def test_values_changed_by_a_patch_are_at_the_patch(path: str, values: dict[str, Span], blamed: Span | None) -> None:
    assert Patch(START, values).blamed(path) == blamed
