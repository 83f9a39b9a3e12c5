"""A message about a hand-written object points at the value that it names."""

from __future__ import annotations

import pytest

from floe_compiler.check.objects.value_spans import ValueSpans
from floe_compiler.load.yaml_reader import read_documents

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
"""


@pytest.mark.parametrize(
    ("message", "line"),
    [
        ("spec.containers[app].image is nginx", 9),
        ("spec.containers[app].image: no image", 9),
        ("spec.containers[app].ports[0].containerPort is low", 10),
        ("spec.containers[app].resources is missing", 8),
        ("metadata.namespace is missing", 3),
        ("metadata.annotations[a.example/b] holds", 5),
        ("data[app.yaml] names 10.1.2.3", 12),
        ("it has no labels", None),
        ("nothing.like.it is there", None),
    ],
)
def test_the_value_or_the_nearest_above_it(message: str, line: int | None) -> None:
    ((document,), _) = read_documents(TEXT, "base/pod.yaml")
    span = ValueSpans.of(document.values, document.data).nearest(message)
    assert (span.line if span else None) == line
