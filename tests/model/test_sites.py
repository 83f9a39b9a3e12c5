"""The document of an environment with several clusters, as one for each."""

from __future__ import annotations

from typing import Any

from floe_compiler.model.sites import environment_of, site_name, sites_of
from resolve.samples import document

ONE: dict[str, Any] = {"name": "us", "server": "https://us", "storage_class": "gp3", "runs": ["platform"]}
OTHER: dict[str, Any] = {"name": "eu", "storage_class": "ssd", "runs": ["sales"], "ingress": {"class": "eg"}}


def test_an_environment_with_one_cluster_is_one_site() -> None:
    environment = document("prod.yaml", {"cluster": {"name": "a"}})
    (site,) = sites_of("prod", environment)
    assert (site.name, site.document, site.has("anything")) == ("prod", environment, True)


def test_each_cluster_has_its_own_document_with_all_places() -> None:
    environment = document("prod.yaml", {"scale": "light", "clusters": [ONE, OTHER]})
    us, eu = sites_of("prod", environment)
    assert (us.name, eu.name) == ("prod/us", "prod/eu")
    assert us.document.data == {
        "scale": "light",
        "storage_class": "gp3",
        "cluster": {"name": "us", "server": "https://us"},
    }
    assert eu.document.data["ingress"] == {"class": "eg"}
    for path, written_at in (
        (("cluster", "name"), ("clusters", 1, "name")),
        (("storage_class",), ("clusters", 1, "storage_class")),
        (("ingress", "class"), ("clusters", 1, "ingress", "class")),
        (("scale",), ("scale",)),
    ):
        assert eu.document.span(path) == environment.span(written_at)
        assert eu.document.key_span(path) == environment.key_span(written_at)
    assert ("ingress",) not in us.document.values, "a domain of another cluster is not in the site"


def test_a_site_has_the_scopes_of_its_cluster() -> None:
    us, eu = sites_of("prod", document("prod.yaml", {"clusters": [ONE, OTHER]}))
    assert (us.has("platform"), us.has("sales"), eu.has("sales")) == (True, False, True)


def test_a_list_with_one_cluster_equals_the_short_form() -> None:
    (site,) = sites_of("prod", document("prod.yaml", {"clusters": [ONE]}))
    assert (site.name, site.has("sales")) == ("prod", True)
    assert site.document.data["cluster"] == {"name": "us", "server": "https://us"}


def test_sites_have_names() -> None:
    assert [environment_of(site_name(*site)) for site in (("prod",), ("prod", "us"))] == ["prod", "prod"]
