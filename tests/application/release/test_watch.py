"""The instances are shown as they come, change and go: in lines, or as objects."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from generator.application.release.fleet import Group, Instance
from generator.application.release.refresh import Refresh
from generator.application.release.watch import Board, screen
from generator.report import Report

OLD = Instance("i-old", "1", "InService", "Healthy", "healthy")
NEW = Instance("i-new", "2", "Pending", "Healthy", "")
BUSY = Refresh("r", "InProgress", "", 0, "2")


def group(*instances: Instance) -> Group:
    return Group("lt-1", "1", 1, instances)


LOOKS = (
    (BUSY, group(OLD)),
    (BUSY, group(OLD, NEW)),
    (replace(BUSY, percent=100), group(OLD, replace(NEW, state="InService", target="healthy"))),
    (replace(BUSY, percent=100, status="Successful"), group(replace(NEW, state="InService"))),
)


def test_only_what_is_new_is_news() -> None:
    board = Board()
    news = [[(kind, seen.instance.id) for kind, seen in board.add(*look)] for look in LOOKS]
    assert news == [
        [("new", "i-old")],
        [("new", "i-new")],
        [("changed", "i-new")],
        [("changed", "i-new"), ("gone", "i-old")],
    ]
    assert board.add(*LOOKS[-1]) == []


def test_lines_name_instance_state_health_and_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    with screen(Report()) as show:
        for look in LOOKS:
            show(*look)
    out = capsys.readouterr().out
    assert "i-old                v1    InService        Healthy    target healthy  0 s" in out
    assert "i-new                v2    Pending          Healthy    no target  0 s" in out
    assert "i-old                gone after 0 s" in out
    assert out.count("refresh ") == 3
    assert "refresh Successful, 100 %" in out


def test_programs_get_objects(capsys: pytest.CaptureFixture[str]) -> None:
    with screen(Report(json=True)) as show:
        for look in LOOKS:
            show(*look)
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["kind"] for line in told].count("refresh") == 3
    first = told[0]
    assert (first["kind"], first["event"], first["id"]) == ("instance", "new", "i-old")
    assert first["seconds"] == 0
