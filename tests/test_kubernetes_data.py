"""What is read from Kubernetes' Go modules."""

from __future__ import annotations

from pathlib import Path

from kubernetes_data import enumerations, feature_gates, gate_tags, gated_fields, life_cycles, since

TYPES = """
// Colour of a toy.
// +enum
// +k8s:prerelease
type Colour string

const (
\tRed Colour = "Red"
\tBlue = Colour("Blue")
\tNone Colour = ""
\tOther Shape = "Round"
)

type ToySpec struct {
\t// Its colours.
\tColours []Colour `json:"colours,omitempty" protobuf:"bytes,1,opt,name=colours"`
\tProtocol *v1.Protocol `json:"protocol"`
\t// How it is served.
\t// +featureGate=Served
\t// +optional
\tTrafficDistribution *string `json:"trafficDistribution,omitempty"`
}

type ToyStatus struct {
\tColour Colour `json:"colour"`
}
"""
LIFE = """
func (in *Toy) APILifecycleIntroduced() (major, minor int) {
\treturn 1, 30
}

func (in *Toy) APILifecycleDeprecated() (major, minor int) {
\treturn 1, 33
}

func (in *Toy) APILifecycleReplacement() schema.GroupVersionKind {
\treturn schema.GroupVersionKind{Group: "toys.k8s.io", Version: "v1", Kind: "ToyList"}
}

func (in *Toy) APILifecycleRemoved() (major, minor int) {
\treturn 1, 36
}

func (in *ToyList) APILifecycleDeprecated() (major, minor int) {
\treturn 1, 33
}

func (in *Ball) APILifecycleIntroduced() (major, minor int) {
\treturn 1, 30
}
"""
CORE = """
// +enum
type Protocol string

const ProtocolTCP Protocol = "TCP"
const (
\tTCP Protocol = "TCP"
\tUDP Protocol = "UDP"
)
"""
GATES = """
var versions = map[featuregate.Feature]featuregate.VersionedSpecs{
\tServed: {
\t\t{Version: version.MustParse("1.30"), Default: false, PreRelease: featuregate.Alpha},
\t\t{Version: version.MustParse("1.31"), Default: true, PreRelease: featuregate.Beta},
\t},
\tgenericfeatures.Other: {
\t\t{Version: version.MustParse("1.20"), Default: true, PreRelease: featuregate.GA},
\t},
}
"""


def module(root: Path) -> Path:
    for folder, text in (("toys/v1beta1", TYPES), ("core/v1", CORE)):
        (root / folder).mkdir(parents=True)
        (root / folder / "types.go").write_text(text, encoding="utf-8")
    (root / "toys/v1beta1/register.go").write_text('// GroupName\nconst GroupName = "toys.k8s.io"\n', encoding="utf-8")
    (root / "toys/v1beta1/zz_generated.prerelease-lifecycle.go").write_text(LIFE, encoding="utf-8")
    return root


def test_enumerations_are_read_from_go(tmp_path: Path) -> None:
    fields = {"colours": ["Blue", "Red"], "protocol": ["TCP", "UDP"]}
    assert enumerations(module(tmp_path)) == {"io.k8s.api.toys.v1beta1.ToySpec": fields}


def test_a_value_exists_since_the_first_version_that_may_have_it() -> None:
    old, new = {"Toy": {"colour": ["Red"]}}, {"Toy": {"colour": ["Blue", "Red"], "shape": ["Round"]}}
    versions = since([(29, {}), (30, old), (33, new)])
    assert versions == {"Toy": {"colour": {"Blue": "1.31", "Red": ""}, "shape": {"Round": ""}}}


def test_life_cycles_are_read_from_go(tmp_path: Path) -> None:
    cycle = {"introduced": "1.30", "deprecated": "1.33", "removed": "1.36", "replacement": "toys.k8s.io/v1"}
    assert life_cycles(module(tmp_path)) == {"toys.k8s.io/v1beta1 Toy": cycle}


def test_feature_gates_are_read_from_go(tmp_path: Path) -> None:
    gates = feature_gates(GATES)
    assert gates == {"Served": [("1.30", False), ("1.31", True)], "Other": [("1.20", True)]}
    assert gate_tags(module(tmp_path)) == {("io.k8s.api.toys.v1beta1.ToySpec", "trafficDistribution"): "Served"}


def test_only_fields_that_came_with_their_gate_are_gated() -> None:
    service = "io.k8s.api.core.v1.ServiceSpec"
    tags = {(service, "trafficDistribution"): "Served", (service, "type"): "Served", (service, "ports"): "Unknown"}
    assert gated_fields(tags, feature_gates(GATES)) == {service: {"trafficDistribution": ["Served", "1.31"]}}
