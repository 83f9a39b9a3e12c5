"""The folders that are delivered, their names and their order."""

from msgspec.structs import replace

from floe_compiler.kit import labels
from floe_compiler.model.names import check_label_value
from floe_compiler.model.objects import ObjectId, identify
from floe_compiler.model.output_paths import delivery_path, object_path
from floe_compiler.synthesize.delivery import delivery_objects
from floe_compiler.synthesize.delivery.folders import delivery_name, folders
from support import changed
from synthesize.delivery_plans import argocd_plan, flux_plan, renamed


def test_the_cluster_comes_first_then_the_platform_then_the_domains() -> None:
    assert [(folder.name, folder.phase) for folder in folders(argocd_plan())] == [
        ("acme-dev-cluster", 0),
        ("acme-dev-platform", 1),
        ("acme-dev-finance-domain", 2),
        ("acme-dev-sales-domain", 2),
    ]


def test_folders_are_those_that_objects_are_written_to() -> None:
    object_folders = {
        object_path("dev", ObjectId("", "Namespace", "", "x"), cluster_scoped=True),
        *(
            object_path("dev", ObjectId("", "Service", unit.namespace, "x"), cluster_scoped=False)
            for unit in argocd_plan().namespaces
        ),
    }
    assert {folder.path for folder in folders(argocd_plan())} == {path.rpartition("/")[0] for path in object_folders}


def test_no_domain_can_take_the_name_of_the_cluster_or_the_platform() -> None:
    plan = argocd_plan()
    scopes = ("cluster", "platform", "platform-domain")
    plan = replace(
        plan, namespaces=tuple(replace(unit, scope=scope) for unit, scope in zip(plan.namespaces, scopes, strict=True))
    )
    names = [folder.name for folder in folders(plan)]
    assert len(set(names)) == len(names)


def test_long_names_fit_a_label_and_stay_distinct() -> None:
    long = renamed(argocd_plan(), platform="p" * 40, environment="e" * 40)
    names = [folder.name for folder in folders(long)]
    assert len(set(names)) == 4
    for name in names:
        assert check_label_value(name) == name


def test_names_differ_by_platform_and_environment() -> None:
    settings = argocd_plan().settings
    assert delivery_name(settings) == "acme-dev"
    assert delivery_name(changed(settings, environment={"name": "prod"}), "cluster") == "acme-prod-cluster"


def test_names_of_environments_and_domains_never_clash() -> None:
    words = ("a", "a-a", "a-a-a", "a-domain", "domain", "cluster", "platform", "platform-a")
    plans = [renamed(argocd_plan(), "acme", environment) for environment in words]
    names = [
        folder.name
        for plan in plans
        for folder in folders(
            replace(plan, namespaces=tuple(replace(plan.namespaces[0], scope=word) for word in words))
        )
    ]
    assert len(set(names)) == len(names) == len(words) * (len(words) + 1)


def test_every_object_is_labelled_and_in_the_namespace_of_the_tool() -> None:
    for plan in (argocd_plan(), flux_plan()):
        for manifest in delivery_objects(plan):
            assert manifest["metadata"]["namespace"] == plan.delivery.namespace
            assert manifest["metadata"]["labels"] == labels.common_labels(plan.settings, "delivery")


def test_each_object_has_its_own_file() -> None:
    for plan in (argocd_plan(), flux_plan()):
        objects = delivery_objects(plan)
        assert len({delivery_path("dev", identify(manifest), "argocd") for manifest in objects}) == len(objects)


def test_the_order_of_units_in_the_plan_does_not_matter() -> None:
    plan = argocd_plan()
    turned = replace(plan, namespaces=plan.namespaces[::-1])
    assert delivery_objects(turned) == delivery_objects(plan)
