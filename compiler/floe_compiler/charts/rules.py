"""The rules about Helm charts."""

from __future__ import annotations

from floe_compiler.model.diagnostics import Rule

NOT_INSTALLED = Rule(
    "H001",
    "helm not found",
    "helm renders the charts under `charts`. Install helm 3.14 or newer, or helm 4, on the PATH, or name it in the "
    "environment variable FLOE_COMPILE_HELM.",
)
DID_NOT_RUN = Rule(
    "H002",
    "helm failed",
    "helm did not finish, or did not start. Run it again; if it fails again, reinstall helm, or name another one in "
    "FLOE_COMPILE_HELM.",
)
NOT_VENDORED = Rule(
    "H003",
    "chart that is not vendored",
    "Compiling fetches nothing, so the version of a chart that an entry names must be in `vendor/charts/`, and locked "
    "in `vendor/charts/charts.lock`. `floe-compile vendor SOURCE` fetches it.",
)
CHANGED = Rule(
    "H004",
    "chart that is not the locked one",
    "The files of a vendored chart are not those that `vendor/charts/charts.lock` has the digest of. Nothing is edited "
    "there: change what a chart renders by its values, or by patches in base/ and overlays/.",
)
NOT_RENDERED = Rule(
    "H005",
    "chart that cannot be rendered",
    "helm refuses the chart with these values, for this version of Kubernetes. The message is helm's own.",
)
NOT_REPEATABLE = Rule(
    "H006",
    "chart that renders differently each time",
    "A template uses a random value, a new certificate or the time, so every run would change the output, and restart "
    "pods. Set the value that it makes up, or let a secret provide it (`existingSecret` or the like).",
)
UNDECIDED_HOOK = Rule(
    "H007",
    "undecided hook",
    "helm would run this object at a certain point of an installation, but charts are only rendered here. Write under"
    " `hooks` whether it is applied like any other object (`apply`), or left out (`omit`).",
)
OMITTED_TEST = Rule(
    "H008",
    "test of a chart left out",
    "The tests of a chart run when somebody calls `helm test`, so they are not rendered. Write `omit` for each under "
    "`hooks` to accept that, or `apply` to render it.",
    severity="warning",
)
SECRET_VALUES = Rule(
    "H009",
    "Secret with values in a chart",
    "A chart renders a Secret with its values, which would end up in Git. Most charts can use an existing Secret "
    "instead (`existingSecret` or the like): name one in the values and list it under `secrets` of the workload, "
    "and it gets into the cluster as the secrets of the environment do.",
)
NOT_ALLOWED = Rule(
    "H010",
    "object that a domain's chart may not have",
    "The chart of a domain may only have objects in the domain's namespace, of kinds that can do no harm elsewhere: "
    "workloads, Services inside the cluster, configuration, accounts with rights in the namespace. What pods call, "
    "and who reaches them, is declared under `workloads`.",
)
NO_WORKLOAD = Rule(
    "H011",
    "declared workload that a chart does not have",
    "`workloads` declares something of the pods of a workload that the chart does not render with these values.",
)
NOT_OBJECTS = Rule(
    "H012",
    "chart output that is not an object",
    "A template renders something other than Kubernetes objects with apiVersion, kind and metadata.name.",
)
TWICE = Rule(
    "H013",
    "object of two charts",
    "A chart renders an object that another chart, or a file in base/ or overlays/, has, too. A cluster would keep "
    "only one of them. Rename it in the values, or leave one out.",
)
UNUSED_HOOK = Rule(
    "H014",
    "hook that a chart does not have",
    "`hooks` decides about an object that the chart does not render as a hook with these values.",
    severity="warning",
)
REMOTE_SCHEMA = Rule(
    "H015",
    "schema of values elsewhere",
    "The `values.schema.json` of a chart refers to a schema outside the chart. Compiling fetches nothing and reads "
    "nothing outside the repository.",
)
UNUSED = Rule(
    "H016",
    "unused chart",
    "A vendored chart is not used by any entry of `charts`. Remove its folder, and its line in charts.lock.",
    severity="warning",
)
UNREAD_VALUE = Rule(
    "H017",
    "value that a chart does not read",
    "A key of `values` is neither in the `values.yaml` and `values.schema.json` of the chart, nor does a template read "
    "it, but it is like one of these. helm ignores unknown keys silently. Correct it, or remove it.",
    severity="warning",
)

RULES = (
    NOT_INSTALLED,
    DID_NOT_RUN,
    NOT_VENDORED,
    CHANGED,
    NOT_RENDERED,
    NOT_REPEATABLE,
    UNDECIDED_HOOK,
    OMITTED_TEST,
    SECRET_VALUES,
    NOT_ALLOWED,
    NO_WORKLOAD,
    NOT_OBJECTS,
    TWICE,
    UNUSED_HOOK,
    REMOTE_SCHEMA,
    UNUSED,
    UNREAD_VALUE,
)
