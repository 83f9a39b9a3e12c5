"""The rules that resolution reports."""

from __future__ import annotations

from floe_compiler.model.diagnostics import Rule

UNKNOWN_KEY = Rule("R001", "unknown key", "The schema has no such key. Unknown keys are never ignored.")
MISSING_KEY = Rule("R002", "missing key", "A key without a default is missing.")
WRONG_VALUE = Rule("R003", "wrong value", "The value is not valid here; the message says what is.")
LOCKED = Rule(
    "R005",
    "locked path",
    "The platform manifest locks this path: neither an environment nor a domain may override it. If a parent of the "
    "manifest locks it, the manifest may not, either.",
)
UNKNOWN_LOCK = Rule(
    "R006",
    "unknown lock",
    "A lock or a limit names a path that the manifest does not have, or `domain_policy.may_set` one that no "
    "domain.yaml has. A limit is of one setting.",
)
BEYOND_LIMIT = Rule(
    "R090",
    "beyond a limit",
    "A setting is not what `limits` of the platform manifest, or of a parent of it, allows. Limits hold for what comes "
    "out in the end: for manifests, environments, domains and products, and for defaults, too.",
)
UNKNOWN_REFERENCE = Rule("R007", "unknown reference", "A reference names something that does not exist.")
CYCLE = Rule("R008", "cycle", "Data products read one another in a circle, so that none could ever run first.")
NAMESPACE_CLASH = Rule(
    "R009",
    "namespace clash",
    "Two namespaces of one cluster would have the same name; give the environments different `namespaces.pattern`s. "
    "Environments share a cluster if they have the same `cluster.server` or, where that is the in-cluster default, "
    "the same `cluster.name`.",
)
CLUSTER_OF_TWO_ADDRESSES = Rule(
    "R019",
    "cluster with two addresses",
    "Two environments name the same cluster but give it different `cluster.server`s, so that one of them would be "
    "delivered to the wrong place.",
)
MUTABLE_IMAGE = Rule(
    "R010",
    "mutable image",
    "An image without a tag, or with one that moves (`latest`, `main`, `stable` ...), can change under a running "
    "platform: name an exact tag or a digest.",
)
WRONG_NAME = Rule("R011", "wrong name", "`metadata.name` must be the name of its folder or file.")
NO_PROVIDER = Rule("R012", "unmet requirement", "A component needs something that no component of the platform offers.")
CONFLICT = Rule("R013", "conflicting settings", "Two consumers share a database server but describe it differently.")
NO_SECRET_STORE = Rule(
    "R014",
    "no secret store",
    "A secret can only come from a store, but the environment generates its secrets, which production may never do.",
)
DUPLICATE_NAME = Rule("R015", "duplicate name", "Two things that are identified by name have the same name.")
SHARED_DATABASE = Rule(
    "R018",
    "database with two owners",
    "Two components would keep their tables in one database outside the cluster, and overwrite each other's. Give each "
    "its own `database` (or its own host), for example under `domains.<name>` of the environment.",
)
REFUSED = Rule(
    "R020",
    "component that cannot work here",
    "A component cannot work in this environment as it is configured. The message says why, the hint what to change.",
)
UNKNOWN_PATH = Rule(
    "R021",
    "unknown path in the Git repository",
    "Argo CD and Flux need the path of `output/` from the top of the Git repository. The mesh is in no repository "
    "here, so its path is not known, and `output/` is taken to be at the top. Compile in a clone, or say where it is: "
    "`delivery: {path: ...}`, where `.` is the top.",
    severity="warning",
)
UNDELIVERED_TEXT = Rule(
    "R029",
    "text that the delivery tool would change or skip",
    "Flux builds the output with kustomize, which fails at some control characters, also if they are written as"
    " escapes. Argo CD skips files with the text +argocd:skip-file-rendering. Encode it (base64), or leave it out.",
)
DEFAULT_REGISTRY = Rule(
    "R030",
    "image from the default registry",
    "An image that names no registry is pulled from `images.registry`. If that is not set, it is `ghcr.io`, where"
    " anyone may have an account of the name that the image begins with. Set it: `images: {registry: ghcr.io/acme}`.",
    severity="warning",
)
OUT_OF_REACH = Rule(
    "R023",
    "server that a domain may not call",
    "A server outside the cluster has addresses in the cluster, or private addresses that the environment does not let "
    "domains reach. Name a server outside, or list its addresses: `cluster.reachable_networks` of the environment.",
)
NEEDLESS_ACCEPTANCE = Rule(
    "R024",
    "needless acceptance of a warning",
    "`accepted_warnings` of the platform manifest accepts a warning that does not occur. Remove the entry. `about` is"
    " the object as the warning names it, or the file. An error cannot be accepted.",
    severity="warning",
)
NO_BACKUP = Rule(
    "R055",
    "production database without a backup",
    "A database in the cluster of a production environment is not backed up: one mistake, or one lost volume, and its "
    "data is gone. Say where backups are kept, `databases: {backup: {type: s3, ...}}`, or why there are none: "
    "`databases: {backup: {type: none, reason: ...}}`. Databases of type `external` are backed up by their provider.",
)
BACKUP_BESIDE_THE_DATA = Rule(
    "R056",
    "backups that are lost with the data",
    "Backups of a production environment are kept in the same cluster as the data. They help against a mistake, "
    "but not if the cluster is lost. Keep them elsewhere: `databases: {backup: {type: s3, ...}}`.",
    severity="warning",
)
MISSING_SLOT = Rule("R016", "missing slot", "The platform manifest leaves a slot empty that every platform needs.")
NO_SQL = Rule(
    "R084",
    "model without its data",
    "A cube of a semantic layer has one of `sql_table` and `sql`, or extends another cube. A member says how it "
    "follows from the columns: only a `count` needs no `sql`. Cube would serve none of the domain's models.",
)
UNSERVED_MODEL = Rule(
    "R085",
    "models that nothing serves",
    "A domain has models in `domains/<domain>/semantic/`, but no semantic layer in an environment: they would be "
    "silently ignored. Choose one, `semantic_layer: {type: cube}`, or remove them.",
)
TWO_STARTS = Rule(
    "R086",
    "both a trigger and a schedule",
    "A data product has a `trigger` and a `schedule`, and both are enabled. It is started by one of them. With "
    "`trigger.at_least_every` it also runs when no new data comes.",
)
NOTHING_TO_WAIT_FOR = Rule(
    "R087",
    "trigger without inputs",
    "A data product with a `trigger` runs when its `inputs` have new data. It has none, so it would never run.",
)
NOT_NOTICED = Rule(
    "R088",
    "trigger that nothing notices",
    "A data product has a `trigger`, but what runs it only starts products by the clock: a CronJob cannot wait for new "
    "data. Dagster and Airflow can. If an environment has another orchestrator, it can give the product a schedule: "
    "`trigger: null` and `schedule` under `domains.<domain>.products.<product>`.",
)
EMPTY_MESH = Rule("R017", "nothing to compile", "There must be at least one environment.")
BEYOND_POLICY = Rule(
    "R022",
    "beyond the domain policy",
    "A domain's own file sets what the platform keeps for itself, or more than it allows: a path that is not in "
    "`domain_policy.may_set`, a larger quota, a toleration, or an image of another registry. The platform team may "
    "allow it in `domain_policy`, or set it for the one domain in environment.yaml.",
)
IMAGE_OF_TWO = Rule(
    "R075",
    "image that two files set",
    "The image of a data product in an environment is set in its images.yaml and in its environment.yaml. Leave it in "
    "one of them: images.yaml is the one that `floe-compile promote FROM TO` and other programs update.",
)
DISABLED_INPUT = Rule(
    "R076",
    "input that is disabled",
    "A data product reads another one that its environment does not have, as it is disabled (`enabled: false`). "
    "Disable the reader there, too, or enable what it reads.",
)
NOT_A_READER = Rule(
    "R070",
    "input that may not be read",
    "A data product reads an output of another domain whose `readers` name neither its domain nor the product itself. "
    "The owner of the output decides who reads it.",
)
NOT_APPROVED = Rule(
    "R071",
    "product that is not approved",
    "A domain lists its products under `approved_products`, and this one is not among them.",
)
NO_APPROVAL = Rule(
    "R072",
    "domain without approved products",
    "The platform requires that each domain lists its products (`domain_policy.approval: required`), and this domain "
    "has products, but no `approved_products`.",
)
UNKNOWN_INTERFACE = Rule(
    "R040",
    "unknown interface",
    "`ingress` of an environment names an interface that no component of it declares. Interfaces of shared services "
    "have their own name (`jaeger`), those of domains end with the domain (`dagster-sales`).",
)
HOST_OF_TWO = Rule(
    "R041",
    "host of two interfaces",
    "Two interfaces in one cluster would have the same host, so that users reach only one of them. Give one of them "
    "another host: `ingress: {hosts: {<interface>: <host>}}`. Environments of one cluster need different domains.",
)
HOST_OUTSIDE = Rule(
    "R042",
    "host outside the domain",
    "A host is not below the `ingress.domain` of its environment, for which alone there are DNS and certificates, or "
    "it is not a valid host name.",
)
NO_LOGIN = Rule(
    "R043",
    "interface without a login",
    "An interface that does not ask for a login would be open to everyone who reaches the ingress controller. Put a "
    "login in front of it (`ingress: {auth: {type: oidc}}`), do not open it (`hosts: {<interface>: false}`) or, "
    "outside production, say why it needs none.",
)
NO_WAY_IN = Rule(
    "R044",
    "ingress that nothing reaches",
    "An environment opens interfaces, but says neither where the pods of the ingress controller run nor from which "
    "addresses it sends, so that network policies would keep it out; or they run in one of its own namespaces, whose "
    "pods reach only what is declared.",
)
NO_TLS = Rule(
    "R045",
    "production without certificates",
    "Passwords and sessions would cross the network in plain text. Say where certificates come from: `ingress: {tls: "
    "{issuer: ...}}` or `{secret: ...}`, or why they are elsewhere.",
)
TOO_MANY_HOSTS = Rule(
    "R046",
    "more hosts than a Gateway has listeners",
    "A Gateway has 64 listeners at most, and each host with a certificate of its own needs one. Use one certificate "
    "for all hosts: `tls: {issuer: ..., wildcard: true}` or `tls: {secret: ...}`.",
)
WRONG_ADDRESS = Rule(
    "R048",
    "wrong address in the settings of a program",
    "A program writes links and logs users in by the address that its setting says, but `ingress` opens it at another "
    "one, or the setting is missing. Write the address at which users open it.",
)
NOT_ROUTED = Rule(
    "R047",
    "interface that an Ingress cannot route",
    "An Ingress has no field that says gRPC; each controller has an annotation of its own. Use Gateway API (`type: "
    "gateway`), or do not open the interface.",
)
UNKNOWN_SCOPE = Rule(
    "R060",
    "unknown scope of a secret rule",
    "`scopes` of a rule in `secret_rules` names whose pods read the secrets: a domain, `platform`, or `nodes`.",
)
USELESS_RULE = Rule(
    "R061",
    "secret rule that matches nothing",
    "No secret that the environments read has such a name, or an earlier rule already has it. So it gets into the "
    "cluster in another way than the rule says. Secrets that only hand-written objects name have no rules.",
    severity="warning",
)
WHOLE_STORE = Rule(
    "R100",
    "products that share the login of the whole store",
    "Whoever has the login of the whole object store can read and delete the files of every product, whatever the "
    "catalog grants. So each product should have one of its own, for its own files and those of its inputs. A catalog "
    "that issues credentials for single tables does without, but dlt, steps that say `writes_files`, logs of Airflow "
    "and Cube Store reach files by themselves.",
    severity="warning",
)
NOT_MOUNTED = Rule(
    "R062",
    "secret that the CSI driver cannot provide",
    "The Secrets Store CSI driver copies a secret into a Secret only while a pod mounts it. Custom resources, image "
    "pulls and certificates of hosts need a Secret that is there before. Let it come from elsewhere by a rule.",
)
DOMAIN_SECRET = Rule(
    "R063",
    "file that a domain may not have among its secrets",
    "In `domains/<domain>/secrets/<environment>/` a domain team keeps encrypted files for its own namespace: Secrets "
    "and SopsSecrets that SOPS has encrypted, and SealedSecrets, of secrets that come from such files by `secrets` and "
    "`secret_rules` of the platform. Anything else belongs to the platform team, in `overlays/`.",
)
OTHER_KEYS = Rule(
    "R064",
    "encrypted for other keys than .sops.yaml says",
    "`.sops.yaml` says which keys SOPS encrypts a file with, by its path. A file that was encrypted before a key was "
    "added or removed still has the former ones: `sops updatekeys <file>` encrypts it for those that the rule says. "
    "Who had a key that was removed may still know the values.",
    severity="warning",
)
NOT_CERTIFICATES = Rule(
    "R065",
    "file in trust/ without certificates",
    "A file in `trust/` that an environment names must hold certificates as PEM, and nothing else: a private key must"
    " never be in a repository.",
)
UNTRUSTED_FILE = Rule(
    "R066",
    "unused certificates in trust/",
    "No environment names this file in `trust/`, so no program trusts what is in it. Name it in `trust: {bundle: ...}` "
    "of an environment, or remove it.",
)
BUNDLE_OF_ITSELF = Rule(
    "R105",
    "bundle that reads what it writes",
    "trust-manager refuses a Bundle with a source that is also its target: the ConfigMap with the Bundle's name, and "
    "the key with the certificates. Read another ConfigMap, or give the Bundle another name.",
)
