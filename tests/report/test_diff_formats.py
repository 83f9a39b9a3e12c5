"""A difference is shown by environment and namespace; long ones are cut with a note, repeated ones shown once."""

import json
import re

from msgspec.structs import replace

from floe_compiler.model.configuration import CONFIG_HASH
from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.report.dangers import Objects
from floe_compiler.report.diff import EnvironmentDiff, FieldChange, ObjectChange, compare
from floe_compiler.report.diff_json import render_diff_json
from floe_compiler.report.diff_markdown import render_diff_markdown
from floe_compiler.report.diff_text import render_diff, summary_line
from floe_compiler.report.github import annotate_dangers
from floe_compiler.report.terminal import plain
from report.samples import deployment, manifests, pruning, resource


def difference(before: list[Object], after: list[Object], environment: str = "dev") -> EnvironmentDiff:
    prunes = [pruning(f"output/{environment}/{namespace}") for namespace in ("a", "z", "_cluster")]
    return compare(environment, manifests(before), manifests(after), Objects([*after, *prunes]))


DOWNGRADE = "app goes from 1.2.0 to 1.1.0: an older version may not be able to read the data of the newer version"
SMALL = difference(
    [
        resource("PersistentVolumeClaim", "data"),
        deployment(),
        resource("ConfigMap", data={"app.yaml": "a: 1\nb: 2\nc: 3\n"}),
    ],
    [
        resource("Service", "new"),
        deployment(image="ghcr.io/a/b:1.1.0"),
        resource("ConfigMap", data={"app.yaml": "a: 1\nb: 9\nc: 3\n"}),
    ],
)


def test_text_names_objects_fields_and_dangers() -> None:
    assert render_diff([SMALL], plain) == (
        "dev/a\n"
        "  - PersistentVolumeClaim data\n"
        "      ! data-loss: is deleted; its data may be deleted with it\n"
        "  ~ ConfigMap x\n"
        '      ~ data["app.yaml"]:\n'
        "          @@ -1,3 +1,3 @@\n"
        "           a: 1\n"
        "          -b: 2\n"
        "          +b: 9\n"
        "           c: 3\n"
        "  + Service new\n"
        "\n"
        "dev/floe-platform\n"
        "  ~ Deployment.apps polaris\n"
        f"      ! downgrade: {DOWNGRADE}\n"
        '      ~ spec.template.spec.containers[app].image: "ghcr.io/a/b:1.2.0" -> "ghcr.io/a/b:1.1.0"\n'
        "\n"
    )


def test_added_removed_and_hidden_fields_are_shown() -> None:
    before = resource("X", old=1, password="a", long="y" * 500)
    after = resource("X", new={"a": [1]}, password="b", long="z" * 500)
    text = render_diff([difference([before], [after])], plain)
    assert "- old: 1\n" in text
    assert '+ new: {"a": [1]}\n' in text
    assert "~ password: changed (hidden)\n" in text
    assert all(len(line) < 500 for line in text.splitlines())


def test_a_change_that_several_objects_share_is_reported_once() -> None:
    def parts(number: int) -> list[Object]:
        return [
            resource("X", f"x{i}", f"ns{i}", a=number, b=number if i < 2 else 0, own=i * number) for i in range(1, 4)
        ]

    text = render_diff([difference(parts(1), parts(2), name) for name in ("dev", "prod")], plain)
    assert text.startswith("[1] in 6 objects:\n  ~ a: 1 -> 2\n\ndev/ns1\n")
    assert text.count("~ a: 1 -> 2") == 1
    assert len(re.findall(r"^  ~ X x\d \[1\]$", text, re.MULTILINE)) == 6
    assert text.count("~ b: 1 -> 2") == 2, "too few objects share it"
    assert text.count("~ own: 3 -> 6") == 2
    assert "**Changes that several objects share**\n\n```diff\n[1] in 6 objects" in render_diff_markdown(
        [difference(parts(1), parts(2), name) for name in ("dev", "prod")]
    )


def test_a_danger_that_several_objects_share_is_reported_once() -> None:
    before, after = ([resource("CronJob", f"c{i}", spec={"suspend": off}) for i in range(5)] for off in (False, True))
    text = render_diff([difference(before, after)], plain)
    assert text.startswith(
        "[1] in 5 objects:\n  ! suspended: no longer runs by its schedule\n[2] in 5 objects:\n  ~ spec.suspend"
    )
    assert text.count("suspended") == 1
    assert text.count("  ~ CronJob c4 [1] [2]\n") == 1
    markdown = render_diff_markdown([difference(before, after)])
    assert (
        "- :warning: `suspended` **dev**: 5 objects: no longer runs by its schedule (CronJob a/c0, CronJob a/c1, "
        "CronJob a/c2 and 2 more)\n" in markdown
    )
    assert annotate_dangers([difference(before, after), difference(before, after, "prod")]) == (
        "::warning title=suspended::10 objects: no longer runs by its schedule (dev: CronJob a/c0, dev: CronJob a/c1, "
        "dev: CronJob a/c2 and 7 more)\n"
    )


def test_of_many_deleted_objects_only_the_kinds_are_named() -> None:
    many = [
        *(resource("ConfigMap", f"x{number}") for number in range(3)),
        resource("Service", "a"),
        resource("Service", "b"),
    ]
    claim = resource("PersistentVolumeClaim", "data")
    text = render_diff([difference([*many, claim], [])], plain)
    assert text == (
        "dev/a\n"
        "  - 5 objects: 3 ConfigMap, 2 Service\n"
        "  - PersistentVolumeClaim data\n"
        "      ! data-loss: is deleted; its data may be deleted with it\n"
        "\n"
    )
    few = render_diff([difference(many[:3], [])], plain)
    assert few == "dev/a\n  - ConfigMap x0\n  - ConfigMap x1\n  - ConfigMap x2\n\n"


def test_deleted_objects_with_other_dangers_are_listed_separately() -> None:
    plain_ones, leaving = ([resource("ConfigMap", f"{name}{number}") for number in range(4)] for name in "xy")
    for manifest in leaving:
        manifest["metadata"]["annotations"] = {"argocd.argoproj.io/sync-options": "Prune=false"}
    lines = render_diff([difference([*plain_ones, *leaving], [])], plain).splitlines()
    assert lines[0] == "[1] in 4 objects:"
    assert lines[-3:] == ["  - 4 objects: 4 ConfigMap", "  - 4 objects: 4 ConfigMap [1]", ""]


def test_of_many_deleted_lines_the_first_is_shown() -> None:
    before, after = (
        resource("ConfigMap", data={"a": "\n".join(lines)}) for lines in (["0", *"abcdef", "1"], ["0", "1"])
    )
    text = render_diff([difference([before], [after])], plain)
    expected = ["           0", "          -a", "          - … (5 more lines)", "           1"]
    assert text.splitlines()[-5:-1] == expected
    assert '"a\\nb' not in text


def test_hashes_are_reported_in_words() -> None:
    def pods(number: int) -> Object:
        template = {"metadata": {"annotations": {CONFIG_HASH: str(number) * 64}}, "spec": {}}
        return resource("Job", f"x-0000000{number}", spec={"template": template, "args": [str(number) * 16]})

    changed = difference([pods(1)], [pods(2)])
    assert render_diff([changed], plain) == (
        "dev/a\n"
        "  ~ Job x-00000002\n"
        "      ~ runs again (before: x-00000001)\n"
        "      ~ spec.args[0]: changed (a hash)\n"
        "      ~ pods restart: their configuration has changed\n"
        "\n"
    )
    assert '"before": "x-00000001"' in render_diff_json([changed])


def test_the_summary_counts_by_environment() -> None:
    assert summary_line([SMALL, difference([], [], "prod")]) == "dev: 1 deleted, 2 changed, 1 added; 2 dangers"
    assert summary_line([difference([], [])]) == "no object changes"


def test_text_of_an_object_cannot_control_the_terminal() -> None:
    before, after = resource("X", field="a\n\x1b[1m"), resource("X", field="b\n\x1b[2m")
    assert "\x1b" not in render_diff([difference([before], [after])], plain)


def test_json_holds_every_change() -> None:
    document = json.loads(render_diff_json([SMALL]))
    [environment] = document["environments"]
    assert environment["totals"] == {"deleted": 1, "changed": 2, "added": 1, "dangers": 2}
    assert environment["changes"][3] == {
        "action": "changed",
        "group": "apps",
        "kind": "Deployment",
        "namespace": "floe-platform",
        "name": "polaris",
        "file": "output/dev/floe-platform/deployment.apps_polaris.yaml",
        "dangers": [
            {"word": "downgrade", "sentence": DOWNGRADE},
        ],
        "fields": [
            {
                "action": "changed",
                "path": "spec.template.spec.containers[app].image",
                "before": "ghcr.io/a/b:1.2.0",
                "after": "ghcr.io/a/b:1.1.0",
            }
        ],
    }


def test_markdown_begins_with_totals_and_dangers() -> None:
    text = render_diff_markdown([SMALL])
    assert "| dev | 1 | 2 | 1 | 2 |" in text
    assert text.index("`data-loss`") < text.index("<details>")
    assert "<summary>floe-platform in dev: 1 object</summary>" in text
    assert "Cut here" not in text


def test_dangers_to_data_come_first() -> None:
    before = [deployment(image="ghcr.io/a/b:1.2.0"), resource("PersistentVolumeClaim", "data", "z")]
    diff = difference(before, [deployment(image="ghcr.io/a/b:1.1.0")])
    for text in (render_diff_markdown([diff]), annotate_dangers([diff])):
        assert -1 < text.find("data-loss") < text.find("downgrade")


def test_markdown_without_changes_has_a_note() -> None:
    assert render_diff_markdown([difference([], [])]) == "### floe-compile: no object changes\n"


def test_long_markdown_is_cut_with_totals_and_a_note() -> None:
    added = difference([], [resource("Service", f"s{number}", f"ns{number % 50}") for number in range(1000)])
    full = render_diff_markdown([added])
    cut = render_diff_markdown([added], largest=12_000)
    assert len(cut.encode()) <= 12_000 < len(full.encode())
    assert "| dev | 0 | 0 | 1000 | 0 |" in cut
    assert "**Only names are shown:**" not in full
    assert "**Only names are shown:**" in cut
    named, titles = cut.count("<details>"), re.findall(r"^- ns\d+ in dev: 20 objects$", cut, re.MULTILINE)
    assert named > 10
    assert named + len(titles) == 50, "each folder is listed, with its names or their number"
    assert "**Without names,**" in cut
    assert "Cut here" not in cut
    shown_part = cut[cut.index("\n<details>") : cut.index("\n**Without names")]
    assert shown_part in full


def test_different_changes_fill_a_comment_to_its_limit() -> None:
    """All of them differ, so nothing can be shown once."""
    changes = (
        ObjectChange(
            "changed",
            ObjectId("", "Service", f"ns{number % 110}", f"s{number}"),
            f"output/dev/ns{number % 110}/service_s{number}.yaml",
            (FieldChange("changed", "spec.x", 0, number),),
        )
        for number in range(600)
    )
    diff = EnvironmentDiff("dev", tuple(sorted(changes, key=lambda change: change.file)))
    text = render_diff_markdown([diff], largest=12_000)
    assert 10_000 < len(text.encode()) <= 12_000
    assert all(f"ns{number} in dev: {5 + (number < 50)} objects" in text for number in range(110))


def test_too_many_folders_are_cut_with_a_count() -> None:
    objects = [resource("Service", "s", f"{'long' * 15}-{number}") for number in range(400)]
    text = render_diff_markdown([difference([], objects)], largest=12_000)
    assert len(text.encode()) <= 12_000
    listed = len(re.findall(r"^- long", text, re.MULTILINE)) + text.count("<details>")
    omitted = re.search(r"\*\*Cut here:\*\* (\d+) folders left out", text)
    assert omitted
    assert listed + int(omitted[1]) == 400


def test_a_large_body_is_cut_and_all_names_are_kept() -> None:
    def objects(number: int) -> list[Object]:
        large = "".join(f"{line} {number}\n" for line in range(5_000))
        small = [resource("ConfigMap", f"c{i}", f"ns{i}", data={"a.txt": f"{i * number}"}) for i in range(1, 40)]
        return [
            resource("ConfigMap", "large", "ns0", data={"a.txt": large}),
            *small,
            resource("Job", "b", "ns9", a=number),
        ]

    changed = difference(objects(1), objects(2))
    text = render_diff_markdown([changed])
    assert len(text.encode()) <= 60_000
    assert "~ ConfigMap large\n    … 10002 lines left out: see output/dev/ns0/configmap_large.yaml\n" in text
    assert all(f"~ {change.identity.kind} {change.identity.name}\n" in text for change in changed.changes)
    assert text.count("left out") == 1, "the smaller ones stay"
    assert "Cut here" not in text


def test_names_are_kept_if_no_body_fits() -> None:
    before, after = ([resource("X", f"x{i:03}", f"n{i % 7}", a=f"{i} {v} " * 60) for i in range(100)] for v in "ab")
    text = render_diff_markdown([difference(before, after)], largest=3_500)
    assert len(text.encode()) <= 3_500
    assert all(f"~ X x{i:03}\n" in text for i in range(100))


def test_markdown_cannot_be_broken_out_of() -> None:
    before, after = resource("X", "n|`<b>", field="a\nb"), resource("X", "n|`<b>", field="a\n````\n</details><script>")
    text = render_diff_markdown([difference([before], [after]), difference([resource("Namespace", "|`<b>", "")], [])])
    assert "`````diff\n" in text
    assert "Namespace \\_cluster/\\|\\`&lt;b>" in text


def test_markdown_shows_the_same_change_of_several_environments_once() -> None:
    before, after = ([resource("CronJob", "orders", spec={"suspend": off})] for off in (False, True))
    diff = difference(before, after)
    text = render_diff_markdown([replace(diff, environment=name) for name in ("dev", "prod")])
    assert text.count("~ CronJob orders") == 1
    assert "in dev, prod: 1 object</summary>" in text
    assert "- :warning: `suspended` **dev, prod**: CronJob a/orders: no longer runs" in text


def test_markdown_links_to_the_report() -> None:
    assert "\n[The whole report](https://ci.example/7)\n" in render_diff_markdown([SMALL], link="https://ci.example/7")
