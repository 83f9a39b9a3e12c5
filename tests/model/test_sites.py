"""The document of an environment with several clusters, as one for each."""

from __future__ import annotations

from typing import Any

from floe_compiler.model.sites import environment_of, site_name, sites_of
from resolve.samples import document

ONE: dict[str, Any] = {"name": "us", "server": "https://us", "storage_class": "gp3", "runs": ["platform"]}
OTHER: dict[str, Any] = {"name": "eu", "storage_class": "ssd", "runs": ["sales"], "ingress": {"class": "eg"}}


def test_an_environment_with_one_cluster_is_one_site() -> None:
    written = document("prod.yaml", {"cluster": {"name": "a"}})
    (site,) = sites_of("prod", written)
    assert (site.name, site.document, site.has("anything")) == ("prod", written, True)


def test_each_cluster_has_a_document_of_its_own_with_all_places_kept() -> None:
    written = document("prod.yaml", {"scale": "light", "clusters": [ONE, OTHER]})
    us, eu = sites_of("prod", written)
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
        assert eu.document.span(path) == written.span(written_at)
        assert eu.document.key_span(path) == written.key_span(written_at)
    assert ("ingress",) not in us.document.values, "that of another cluster is not its own"


def test_a_site_has_what_stands_in_its_cluster() -> None:
    us, eu = sites_of("prod", document("prod.yaml", {"clusters": [ONE, OTHER]}))
    assert (us.has("platform"), us.has("sales"), eu.has("sales")) == (True, False, True)


def test_a_list_of_one_cluster_is_the_short_form() -> None:
    (site,) = sites_of("prod", document("prod.yaml", {"clusters": [ONE]}))
    assert (site.name, site.has("sales")) == ("prod", True)
    assert site.document.data["cluster"] == {"name": "us", "server": "https://us"}


def test_names_of_sites() -> None:
    assert [environment_of(site_name(*site)) for site in (("prod",), ("prod", "us"))] == ["prod", "prod"]
