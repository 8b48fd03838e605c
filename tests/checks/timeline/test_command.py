"""``clinic timeline`` as the shell sees it, and its picture."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from generator import svg
from generator.checks.timeline import gantt
from generator.checks.timeline.schedule import Task, schedule
from tests.conftest import Ended

Clinic = Callable[..., Ended]
SVG = "{http://www.w3.org/2000/svg}"


def objects(text: str) -> list[dict[str, Any]]:
    """Without the last one, done: see tests/objects.py."""
    return [json.loads(line) for line in text.splitlines()][:-1]


@pytest.mark.parametrize("env", ["seed", "dev", "prod"])
@pytest.mark.parametrize("templates", [(), ("--templates", "output/flat.json")])
def test_it_tells_a_creation_and_a_release_of_every_environment(
    clinic: Clinic, env: str, templates: tuple[str, ...]
) -> None:
    ended = clinic("timeline", env, *templates)
    assert ended.code == 0, ended.err
    assert f"Creation of {env}: " in ended.out
    assert f"Update of {env} by Release=2: " in ended.out
    # With a warm pool an update replaces no instance: that is left to a release.
    assert ("batches of" in ended.out) == (env != "prod")
    assert "not measured on AWS" in ended.out


def test_the_critical_path_is_a_table_with_seconds(clinic: Clinic) -> None:
    lines = clinic("timeline", "seed").out.splitlines()
    assert lines[0].startswith("Creation of seed: 620 s (10 min 20 s); one after another")
    row = next(line.split() for line in lines if "DatabaseStack/Database " in f"{line} ")
    assert row == ["80", "560", "480", "DatabaseStack/Database"]
    assert any("waits while it runs for DatabaseStack" in line for line in lines)


def test_each_object_is_a_step_or_the_total(clinic: Clinic) -> None:
    told = objects(clinic("timeline", "seed", "--json").out)
    creation = [one for one in told if one["operation"] == "create"]
    whole = creation[-1]
    assert (whole["kind"], whole["seconds"]) == ("total", 620)
    steps = {one["path"]: one for one in creation[:-1]}
    assert {one["kind"] for one in steps.values()} == {"step"}
    assert steps["DatabaseStack/Database"]["critical"] is True
    assert steps["EdgeStack/Distribution"]["spare"] > 0
    assert [path for path, one in steps.items() if one["critical"]] != []
    assert max(one["end"] for one in steps.values()) == whole["seconds"] < whole["serial"]


def test_a_change_is_shown_instead(clinic: Clinic) -> None:
    ended = clinic(
        *("timeline", "prod", "--change", "Release=2", "--update", "InstanceType=t3.medium"),
        "--json",
    )
    assert [one["name"] for one in objects(ended.out) if one["kind"] == "total"] == [
        "Update of prod by Release=2, InstanceType=t3.medium"
    ]


def test_a_change_to_the_same_value_changes_nothing(clinic: Clinic) -> None:
    ended = clinic("timeline", "seed", "--change", "Zones=2", "--templates", "output/flat.json")
    assert "Nothing changes." in ended.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--change", "Release"), "give NAME=VALUE, such as Release=2"),
        (("--change", "=2"), "give NAME=VALUE"),
        (("--change", "\x1b[2J"), r'"\u001b[2J" says no value'),
        (("--change", "Zones=7"), "Zones"),
        (("--templates", "nowhere"), "cannot be read"),
        (("--svg", "nowhere/x.svg"), "cannot be written"),
        (("--svg", "tests"), "cannot be written"),
    ],
)
def test_bad_input_is_one_sentence(clinic: Clinic, arguments: tuple[str, ...], says: str) -> None:
    ended = clinic("timeline", "seed", *arguments)
    assert ended.code == 2
    assert says in ended.err
    assert ended.err.count("\n") == 1


def test_a_stack_inside_a_layer_is_a_layer_with_nothing_inside(
    clinic: Clinic, tmp_path: Path
) -> None:
    for file, inside in (("root", "other"), ("other", "elsewhere")):
        url = {"TemplateURL": {"Fn::Sub": f"${{TemplateBaseUrl}}/{inside}.json"}}
        stack = {"Type": "AWS::CloudFormation::Stack", "Properties": url}
        made = {"Resources": {inside.capitalize(): stack}}
        (tmp_path / "set").mkdir(exist_ok=True)
        (tmp_path / "set" / f"{file}.json").write_text(json.dumps(made))
    (tmp_path / "mine.json").write_text("[]")
    ended = clinic("timeline", tmp_path / "mine.json", "--templates", tmp_path / "set")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("Creation of mine: 20 s")
    assert "Other/Elsewhere" in ended.out


def test_the_picture_marks_the_critical_path_and_is_the_same_every_time(
    clinic: Clinic, tmp_path: Path
) -> None:
    for name in ("one.svg", "two.svg"):
        assert clinic("timeline", "prod", "--svg", tmp_path / name).code == 0
    one, two = (tmp_path / name for name in ("one.svg", "two.svg"))
    assert one.read_bytes() == two.read_bytes()
    assert sorted(tmp_path.iterdir()) == [one, two]
    drawn = ElementTree.parse(one).getroot()
    red = {text.text for text in drawn.iter(f"{SVG}text") if text.get("fill") == gantt.CRITICAL}
    assert {"Database", "BackendGroup"} <= red
    assert "Distribution" not in red


def test_nothing_is_drawn_beside_the_paper(clinic: Clinic, tmp_path: Path) -> None:
    clinic("timeline", "prod", "--svg", tmp_path / "one.svg")
    drawn = ElementTree.parse(tmp_path / "one.svg").getroot()
    wide, high = (float(drawn.get(name, 0)) for name in ("width", "height"))
    for box in drawn.iter(f"{SVG}rect"):
        x, y, w, h = (float(box.get(name, 0)) for name in ("x", "y", "width", "height"))
        assert x >= 0
        assert y >= 0
        assert x + w <= wide
        assert y + h <= high
    for text in drawn.iter(f"{SVG}text"):
        size = svg.width(text.text or "", float(text.get("font-size", 0)))
        start = float(text.get("x", 0)) - (size / 2 if text.get("text-anchor") else 0)
        assert 0 <= start <= start + size <= wide, text.text


def test_a_name_is_text_whatever_it_holds() -> None:
    name = 'A<b>&"\x07' + "long" * 40
    picture = gantt.draw(schedule([Task(name, "T", 30)]), "<x>", "a & b")
    drawn = ElementTree.fromstring(picture)
    assert drawn.find(f"{SVG}title").text == "<x>"
    texts = [text.text or "" for text in drawn.iter(f"{SVG}text")]
    assert any(text.startswith('A<b>&"long') and text.endswith("…") for text in texts)
