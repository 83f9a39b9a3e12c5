"""`floe-compile components` lists what a platform can be made of."""

import json

import pytest

from floe_compiler.cli import main


def test_every_component_has_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["components"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines == sorted(lines)
    assert any(line.startswith("catalog: polaris ") for line in lines)


def test_a_slot_shows_every_setting_with_default_and_meaning(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["components", "observability.collector"]) == 0
    text = capsys.readouterr().out
    assert '\n  mode: default "daemonset", or "deployment"\n' in text
    settings = [line for line in text.splitlines() if line.startswith("  ")]
    assert all(line.strip() for line in settings), "every setting has a description"


def test_defaults_are_shown_by_scale(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["components", "storage"]) == 0
    assert '  storage: default "20Gi" (medium "100Gi", heavy "500Gi")\n' in capsys.readouterr().out


def test_settings_of_a_required_component_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["components", "s3"]) == 0
    text = capsys.readouterr().out
    text = text.partition("\nstorage: s3           A bucket at AWS, or in another S3-compatible store\n")[2]
    assert text.startswith("  bucket: required\n      The bucket.\n")
    assert '\n  type: "s3"\n' in text
    assert '  credentials: required\n      How clients log in.\n      type: "identity"\n' in text
    assert '\n      type: "secret"\n          How clients log in.\n      name: default "s3-warehouse"\n' in text


def test_a_database_has_the_settings_that_people_write(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["components", "database"]) == 0
    text = capsys.readouterr().out
    assert "\ndatabase: external        A PostgreSQL server outside the cluster, such as RDS (written under " in text
    assert "  secret: required\n      The secret with the credentials.\n      name: required\n" in text
    assert "server: required" not in text, "the server of one outside follows from its host"
    assert "  server: default null\n" in text


WAYS = ["csi", "existing", "external-secrets", "generated", "sealed-secrets", "sops"]


@pytest.mark.parametrize(("name", "types"), [("secrets", WAYS), ("flux", ["flux"])])
def test_choices_other_than_slots_are_explained_too(
    name: str, types: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["components", name]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines if not line.startswith(" ")] == types
    assert main(["components", name, "--format", "json"]) == 0
    assert [component["type"] for component in json.loads(capsys.readouterr().out)] == types


@pytest.mark.parametrize("name", ["observability.lineage", "lineage", "marquez"])
def test_a_component_is_found_by_slot_and_type(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["components", name]) == 0
    assert capsys.readouterr().out.startswith("observability.lineage: marquez")


def test_an_unknown_slot_is_wrong_usage_with_a_guess(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["components", "catalogue"]) == 2
    assert capsys.readouterr().err == 'floe-compile: there is no slot or type catalogue; did you mean "catalog"?\n'


def test_components_are_printed_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["components", "catalog", "--format", "json"]) == 0
    glue, polaris, rest_catalog = json.loads(capsys.readouterr().out)
    assert glue["type"] == "glue"
    assert (polaris["slot"], polaris["type"], polaris["scope"]) == ("catalog", "polaris", "platform")
    assert (rest_catalog["slot"], rest_catalog["type"]) == ("catalog", "rest")
    assert polaris["settings"]["properties"]["replicas"]


def test_tables_are_printed_as_markdown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["components", "storage", "--format", "markdown"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "| slot | type | what it is | runs in |",
        "|---|---|---|---|",
        "| `storage` | `adls` | A container of Azure Data Lake Storage | the platform |",
        "| `storage` | `gcs` | A bucket of Google Cloud Storage | the platform |",
        "| `storage` | `minio` | MinIO inside the cluster, on one node | the platform |",
        "| `storage` | `s3` | A bucket at AWS, or in another S3-compatible store | the platform |",
        "| `storage` | `seaweedfs` | SeaweedFS inside the cluster, on one node | the platform |",
        "",
        "| setting | type | light | medium | heavy |",
        "|---|---|---|---|---|",
        "| `storage.storage` | `minio`, `seaweedfs` | 20Gi | 100Gi | 500Gi |",
        "| `storage.resources` | `minio` | 100m 512Mi → 1 1Gi | 500m 1Gi → 2 2Gi | 1 2Gi → 2 4Gi |",
        "| `storage.resources` | `seaweedfs` | 100m 384Mi → 1 1Gi | 500m 1Gi → 2 2Gi | 1 2Gi → 2 4Gi |",
    ]


def test_types_with_the_same_numbers_share_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["components", "database", "--format", "markdown"]) == 0
    assert "| `database.storage` | `cloudnative-pg`, `postgresql` | 10Gi | 10Gi | 10Gi |" in capsys.readouterr().out


def test_components_without_numbers_have_no_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["components", "delivery", "--format", "markdown"]) == 0
    assert "setting" not in capsys.readouterr().out
