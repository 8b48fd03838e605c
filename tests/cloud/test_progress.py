"""Progress is one line, one object or one tree, and says where the time goes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from generator.checks.timeline.graph import wiring
from generator.cloud.progress import ProgressBoard, _tree, screen
from generator.cloud.stacks import Event
from generator.model.walk import STACK
from generator.report import Report

from . import small

START = datetime(2026, 1, 1, 12, tzinfo=UTC)


def event(
    path: str, status: str, seconds: int, reason: str = "", kind: str = "AWS::SNS::Topic"
) -> Event:
    at = START + timedelta(seconds=seconds)
    kind = kind if "/" in path else STACK
    return Event(f"{path}{seconds}{status}", "arn", path, kind, "id", status, reason, at)


EVENTS = [
    event("", "CREATE_IN_PROGRESS", 0),
    event("NetworkStack", "CREATE_IN_PROGRESS", 1),
    event("SecretsStack", "CREATE_IN_PROGRESS", 1),
    event("NetworkStack/Vpc", "CREATE_IN_PROGRESS", 2),
    event("NetworkStack/Vpc", "CREATE_COMPLETE", 5),
    event("SecretsStack", "CREATE_COMPLETE", 20),
    event("NetworkStack", "CREATE_COMPLETE", 30),
    event("DatabaseStack", "CREATE_IN_PROGRESS", 31),
    event("DatabaseStack/Database", "CREATE_FAILED", 40, "no\x1b[2J room"),
    event("DatabaseStack", "CREATE_COMPLETE", 90),
]
WAITS = {"DatabaseStack": {"NetworkStack", "SecretsStack"}}


def board(until: int = len(EVENTS)) -> ProgressBoard:
    made = ProgressBoard("clinic-small", WAITS)
    for told in EVENTS[:until]:
        made.add(told)
    return made


def test_the_critical_path_goes_through_whatever_ended_last() -> None:
    assert board().critical() == ["DatabaseStack", "NetworkStack"]


def test_while_it_runs_the_critical_path_ends_in_what_runs_longest() -> None:
    assert board(4).critical() == ["NetworkStack"]


def test_the_wiring_is_read_from_the_root() -> None:
    waits = wiring(small.nested().documents["root.json"])
    assert waits["SecurityStack"] == {"NetworkStack"}
    assert waits["NetworkStack"] == set()


def test_seconds_are_the_services_whatever_this_machine_s_clock_says() -> None:
    assert board().seconds("NetworkStack") == 29
    running = board(2)
    assert running.seconds("") in (0, 1, 2)


def test_an_event_that_comes_late_does_not_undo_a_later_one() -> None:
    made = board()
    assert not made.add(event("NetworkStack", "CREATE_IN_PROGRESS", 3))
    assert made.steps["NetworkStack"].status == "CREATE_COMPLETE"


def test_a_stack_that_is_told_of_twice_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with screen(ProgressBoard("clinic-small"), Report()) as show:
        for told in (EVENTS[1], event("NetworkStack", "CREATE_IN_PROGRESS", 2)):
            show(told)
    assert capsys.readouterr().out == "12:00:01  CREATE_IN_PROGRESS    NetworkStack\n"


def test_plain_lines_have_time_state_path_duration_and_reason(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with screen(ProgressBoard("clinic-small"), Report()) as show:
        for told in EVENTS:
            show(told)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "12:00:00  CREATE_IN_PROGRESS    clinic-small"
    assert lines[4] == "12:00:05  CREATE_COMPLETE       NetworkStack/Vpc  3 s"
    failure = "12:00:40  CREATE_FAILED         DatabaseStack/Database  0 s  no\\x1b[2J room"
    assert failure in lines


def test_a_brief_report_keeps_layers_and_failures(capsys: pytest.CaptureFixture[str]) -> None:
    with screen(ProgressBoard("clinic-small"), Report(brief=True)) as show:
        for told in EVENTS:
            show(told)
    out = capsys.readouterr().out
    assert "NetworkStack/Vpc" not in out
    assert "DatabaseStack/Database" in out


def test_json_is_one_object_a_line_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report(json=True)
    report.say("not for programs")
    report.table(["a"], [["b"]])
    with screen(ProgressBoard("clinic-small"), report) as show:
        for told in EVENTS:
            show(told)
    objects = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(objects) == len(EVENTS)
    assert objects[8] == {
        "kind": "event",
        "time": "2026-01-01T12:00:40+00:00",
        "path": "DatabaseStack/Database",
        "type": "AWS::SNS::Topic",
        "status": "CREATE_FAILED",
        "reason": "no\x1b[2J room",
    }


def test_the_tree_shows_what_runs_and_what_failed_and_marks_the_critical_path() -> None:
    console = Console(width=120, record=True, force_terminal=True)
    console.print(_tree(board()))
    lines = console.export_text().splitlines()
    assert lines[0].startswith("clinic-small")
    assert any("NetworkStack" in line and "<- critical path" in line for line in lines)
    assert not any("SecretsStack" in line and "<- critical path" in line for line in lines)
    assert any("Database " in line and "CREATE_FAILED" in line for line in lines)
    assert not any("Vpc" in line for line in lines)


def test_the_tree_waits_for_the_first_event() -> None:
    console = Console(width=120, record=True)
    console.print(_tree(ProgressBoard("clinic-small")))
    assert "waiting for the first event" in console.export_text()
