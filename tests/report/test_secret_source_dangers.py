"""A reviewer sees that a secret comes from elsewhere: its values may differ or be missing."""

from __future__ import annotations

from typing import Any

import pytest

from floe_compiler.model.objects import Object, identify
from floe_compiler.report.dangers import Objects, Surroundings, dangers_of

SPACE = "floe-sales-domain"


def placed(kind: str, name: str = "crm", **fields: Any) -> Object:
    return {"apiVersion": "x/v1", "kind": kind, "metadata": {"name": name, "namespace": SPACE}, **fields}


REMOTE = {"secretKey": "key", "remoteRef": {"key": "acme/crm", "property": "key"}}
STORED = placed("ExternalSecret", spec={"target": {"name": "crm"}, "data": [REMOTE]})
MADE_UP = placed(
    "ExternalSecret",
    spec={"target": {"name": "crm"}, "dataFrom": [{"sourceRef": {"generatorRef": {"kind": "Password"}}}]},
)
SEALED = placed("SealedSecret", spec={"encryptedData": {"key": "AgA="}})
SOPS = placed("Secret", data={"key": "ENC[]"})
OPERATOR = placed("SopsSecret", "all", spec={"secretTemplates": [{"name": "crm"}]})
PROVIDED = placed("SecretProviderClass", spec={"provider": "vault", "parameters": {"roleName": "floe"}})
READER = placed(
    "Deployment",
    "web",
    spec={
        "template": {
            "spec": {
                "containers": [
                    {
                        "name": "web",
                        "env": [{"name": "K", "valueFrom": {"secretKeyRef": {"name": "crm", "key": "key"}}}],
                    }
                ]
            }
        }
    },
)


def secret_dangers(
    before: Object | None, after: Object | None, then: list[Object], now: list[Object]
) -> list[tuple[str, str]]:
    surroundings = Surroundings(then, Objects(now))
    dangers = dangers_of(identify(before or after or {}), before, after, surroundings)
    return [(danger.word, danger.sentence) for danger in dangers if danger.word.startswith("secret-")]


@pytest.mark.parametrize(
    ("new", "new_source"), [(SEALED, "a SealedSecret"), (SOPS, "a Secret"), (OPERATOR, "a SopsSecret")]
)
def test_another_source_of_a_secret_is_reported(new: Object, new_source: str) -> None:
    sentence = (
        f"{new_source} brings crm instead of an ExternalSecret: its values must be the same, or what knows them, such"
        " as a database, refuses its readers"
    )
    assert secret_dangers(None, new, [STORED], [new, READER]) == [("secret-source", sentence)]
    assert secret_dangers(None, new, [], [new, READER]) == [], "a new secret has no readers yet"
    elsewhere = {**STORED, "metadata": {"name": "crm", "namespace": "other"}}
    assert secret_dangers(None, new, [elsewhere], [new, READER]) == []
    assert secret_dangers(STORED, None, [STORED], [new, READER]) == [], "it is reported at the new object"


def test_a_secret_without_a_source_is_reported() -> None:
    sentence = (
        "nothing here creates the Secret crm any longer, which pods read, and the cluster deletes it with the"
        " ExternalSecret: somebody must create it again"
    )
    assert secret_dangers(STORED, None, [STORED], [READER]) == [("secret-source", sentence)]
    assert secret_dangers(STORED, None, [STORED], []) == []


def test_generated_values_are_reported() -> None:
    ((word, sentence),) = secret_dangers(STORED, MADE_UP, [STORED], [MADE_UP, READER])
    assert (word, sentence.partition(":")[0]) == (
        "secret-source",
        "its values are made up in the cluster instead of read from the store",
    )
    assert secret_dangers(MADE_UP, MADE_UP, [MADE_UP], [MADE_UP, READER]) == []


def test_another_store_of_the_csi_driver_is_reported() -> None:
    needed = ("secret-needed", "the store of vault must have its values where it says, or pods do not start")
    assert secret_dangers(None, PROVIDED, [], [PROVIDED]) == [needed]
    changed = {**PROVIDED, "spec": {**PROVIDED["spec"], "parameters": {"roleName": "acme"}}}
    assert secret_dangers(PROVIDED, changed, [PROVIDED], [changed]) == [needed]
    assert secret_dangers(PROVIDED, {**PROVIDED, "other": 1}, [PROVIDED], [PROVIDED]) == []
