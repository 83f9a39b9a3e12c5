"""Models of the documents that people write: strict and frozen, one module for each kind.

Slots (`orchestrator`, `catalog` ...) are not fields here, as components define them (`components/`). `resolve/slots.py`
removes them before a document is validated against these models.
"""

from floe_compiler.model.inputs.common import (
    Amounts,
    Input,
    Metadata,
    Placement,
    Placements,
    Quota,
    ReplicaBounds,
    Replicas,
    ResourceSettings,
    Toleration,
    VersionedMetadata,
)
from floe_compiler.model.inputs.database import (
    DatabaseChoice,
    DatabaseSecret,
    ExternalPostgresql,
    PostgresqlServer,
    SecretKeys,
)
from floe_compiler.model.inputs.domain import Domain
from floe_compiler.model.inputs.environment import Cluster, Environment, Namespaces, Scale
from floe_compiler.model.inputs.platform import (
    ArgoCd,
    Delivery,
    ExternalSecrets,
    Flux,
    GeneratedSecrets,
    Images,
    Kubernetes,
    PlatformManifest,
    SecretsBackend,
    SharedServices,
    StoreReference,
)
from floe_compiler.model.inputs.product import (
    AnyStep,
    CustomStep,
    DataProduct,
    DbtStep,
    DltStep,
    ExternalServer,
    ProductInput,
    ProductOutput,
    ProductSchedule,
    QualityStep,
    SecretUse,
    Step,
)
from floe_compiler.model.inputs.servers import OutsideServer

__all__ = [
    "Amounts",
    "AnyStep",
    "ArgoCd",
    "Cluster",
    "CustomStep",
    "DataProduct",
    "DatabaseChoice",
    "DatabaseSecret",
    "DbtStep",
    "Delivery",
    "DltStep",
    "Domain",
    "Environment",
    "ExternalPostgresql",
    "ExternalSecrets",
    "ExternalServer",
    "Flux",
    "GeneratedSecrets",
    "Images",
    "Input",
    "Kubernetes",
    "Metadata",
    "Namespaces",
    "OutsideServer",
    "Placement",
    "Placements",
    "PlatformManifest",
    "PostgresqlServer",
    "ProductInput",
    "ProductOutput",
    "ProductSchedule",
    "QualityStep",
    "Quota",
    "ReplicaBounds",
    "Replicas",
    "ResourceSettings",
    "Scale",
    "SecretKeys",
    "SecretUse",
    "SecretsBackend",
    "SharedServices",
    "Step",
    "StoreReference",
    "Toleration",
    "VersionedMetadata",
]
