"""A bundle against what was promised: each kind of broken promise is one row, and only that."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from generator.acceptance import compare, emulator
from generator.acceptance.bundle import ABOUT, CALLS, EVENTS, PROMISED, STATE, Bundle
from generator.acceptance.compare import HELD, NOT_JUDGED, OFF, Comparison
from generator.cloud.diagnose import UNKNOWN
from tests.conftest import Ended

START = datetime(2027, 1, 1, tzinfo=UTC)
GROUP = "BackendStack/BackendGroup"


@pytest.fixture
def bundle(made: Path, tmp_path: Path) -> Bundle:
    """A copy of it as if it were from AWS, with exactly the times that were promised."""
    shutil.copytree(made, tmp_path / "copy")
    copy = Bundle(tmp_path / "copy")
    edit(copy, ABOUT, lambda about: about | {"stand_in": False})
    promised = compare._expected(copy.lines(PROMISED))
    began = {
        p["path"]: p["start"]
        for p in copy.lines(PROMISED)
        if p.get("operation") == "create" and p["kind"] == "step"
    }
    events = copy.lines(EVENTS)
    for event in events:
        start = began.get(event["path"], 0)
        seconds = start + promised.get(event["path"], 0) if "COMPLETE" in event["status"] else start
        event["time"] = (START + timedelta(seconds=seconds)).isoformat()
    copy.write_lines(EVENTS, events)
    return copy


def edit(bundle: Bundle, name: str, change: Callable[[Any], Any]) -> None:
    (bundle.folder / name).write_text(json.dumps(change(bundle.read(name))))


def later(bundle: Bundle, path: str, status: str, seconds: float) -> None:
    """Let an event come so much later."""
    events = bundle.lines(EVENTS)
    for event in events:
        if (event["path"], event["status"]) == (path, status):
            moved = datetime.fromisoformat(event["time"]) + timedelta(seconds=seconds)
            event["time"] = moved.isoformat()
    bundle.write_lines(EVENTS, events)


def off(rows: Any) -> list[Comparison]:
    return [row for row in rows if row.verdict == OFF]


def test_a_bundle_that_keeps_every_promise_has_no_row_that_is_off(bundle: Bundle) -> None:
    rows = [*compare.judge(bundle)]
    assert off(rows) == []
    assert sum(row.about == "timeline" and row.verdict == HELD for row in rows) > 100
    assert [row.verdict for row in rows if row.about == "cost"] == [HELD]


@pytest.mark.parametrize(("seconds", "verdict"), [(31, HELD), (480, HELD), (482, OFF)])
def test_a_resource_that_takes_more_than_twice_as_long_is_off(
    bundle: Bundle, seconds: int, verdict: str
) -> None:
    later(bundle, "DatabaseStack/Database", "CREATE_COMPLETE", seconds)
    rows = [r for r in compare.judge(bundle) if r.what.startswith("DatabaseStack/Database ")]
    assert [(row.promised, row.seen, row.verdict) for row in rows] == [
        ("480 s", f"{480 + seconds} s", verdict)
    ]


def test_one_that_takes_less_than_half_is_off_too(bundle: Bundle) -> None:
    later(bundle, "DatabaseStack/Database", "CREATE_COMPLETE", -300)
    assert [row.what for row in off(compare.judge(bundle))] == [
        "DatabaseStack/Database (AWS::RDS::DBInstance)"
    ]


def test_a_short_thing_may_take_half_a_minute(bundle: Bundle) -> None:
    later(bundle, "NetworkStack/Vpc", "CREATE_COMPLETE", 25)
    assert off(compare.judge(bundle)) == []


def test_a_step_that_takes_longer_than_was_said_is_off(bundle: Bundle) -> None:
    def slow(state: Any) -> Any:
        state["steps"]["rotate"] |= {
            "began": "2027-01-01T00:00:00+00:00",
            "ended": "2027-01-01T00:10:00+00:00",
        }
        return state

    edit(bundle, STATE, slow)
    assert [(row.what, row.seen) for row in off(compare.judge(bundle))] == [
        ("step rotate", "600 s")
    ]


def test_more_hours_than_were_said_cost_more(bundle: Bundle) -> None:
    later(bundle, "", "DELETE_COMPLETE", 3 * 3600)
    (row,) = off(compare.judge(bundle))
    plan = next(p for p in bundle.lines(PROMISED) if p["kind"] == "plan")
    assert row.about == "cost"
    assert f"{plan['usd'] + 3 * plan['usd_hour']:.2f} USD" in row.seen


def test_a_stack_that_is_still_there_is_off(bundle: Bundle) -> None:
    bundle.write_lines(EVENTS, [e for e in bundle.lines(EVENTS) if "DELETE" not in e["status"]])
    (row,) = off(compare.judge(bundle))
    assert "it is not deleted" in row.seen


@pytest.mark.parametrize(
    ("reason", "known"),
    [
        ("You have exceeded the limit of vCPU capacity in <host-1>", True),
        ("The moon is in the seventh house (Service: Astrology)", False),
    ],
)
def test_a_message_that_no_catalogue_knows_is_off(bundle: Bundle, reason: str, known: bool) -> None:
    failed = {
        "time": START.isoformat(),
        "path": GROUP,
        "type": "AWS::AutoScaling::AutoScalingGroup",
        "physical": "",
        "status": "CREATE_FAILED",
        "reason": reason,
    }
    events = bundle.lines(EVENTS)
    bundle.write_lines(EVENTS, [failed, *events])
    (row,) = [row for row in compare.judge(bundle) if row.about == "doctor"]
    assert row.verdict == (HELD if known else OFF)
    assert reason in row.what


def test_what_only_followed_from_something_else_is_no_message(bundle: Bundle) -> None:
    failed = {
        **bundle.lines(EVENTS)[1],
        "status": "CREATE_FAILED",
        "reason": "Resource creation cancelled",
    }
    bundle.write_lines(EVENTS, [*bundle.lines(EVENTS)[:1], failed, *bundle.lines(EVENTS)[1:]])
    assert [row for row in compare.judge(bundle) if row.about == "doctor"] == []


def test_what_doctor_and_deploy_could_not_explain_is_off(bundle: Bundle) -> None:
    finding = {
        "kind": "finding",
        "place": "i-1",
        "fault": "unknown",
        "meaning": "?",
        "advice": "",
        "evidence": "kernel: odd",
    }
    bundle.append("steps/8-doctor.jsonl", finding)
    bundle.append("steps/8-doctor.jsonl", finding | {"fault": "clock", "evidence": "skewed"})
    bundle.append(
        "steps/1-deploy.jsonl",
        {"kind": "diagnosis", "resource": "Vpc", "sentence": "no", "meaning": UNKNOWN[0]},
    )
    assert {row.what for row in off(compare.judge(bundle))} == {"i-1: kernel: odd", "Vpc: no"}


def test_times_and_cost_of_an_emulator_are_not_judged(made: Path) -> None:
    rows = [*compare.judge(Bundle(made))]
    assert {row.verdict for row in rows if row.about in ("timeline", "cost")} == {NOT_JUDGED}


def test_two_runs_at_the_endpoint_do_not_differ(made: Path, bundle: Bundle) -> None:
    rows = [*emulator.judge(bundle, Bundle(made))]
    assert off(rows) == []
    assert {row.what.split()[0] for row in rows} >= {"events", "cloudformation.DeleteStack"}
    assert sum("begins, as" in row.what for row in rows) > 30


def test_other_answers_are_one_row_an_operation(made: Path, bundle: Bundle) -> None:
    def changed(calls: Any) -> Any:
        calls["cloudformation.DescribeStacks"]["statuses"].append(418)
        calls["rds.DescribeDBSnapshots"]["errors"].append("SnapshotQuotaExceeded")
        calls["secretsmanager.DescribeSecret"]["attributes"].append("NextRotationDate")
        calls["secretsmanager.RotateSecret"]["attributes"].remove("VersionId")
        calls["s3.PutObject"] |= {"statuses": [200, 503], "errors": ["SlowDown"]}
        calls["ssm.SendCommand"] = {"count": 1, "statuses": [200], "errors": [], "attributes": []}
        return calls

    edit(bundle, CALLS, changed)
    rows = [*emulator.judge(bundle, Bundle(made))]
    assert {(row.what, row.promised, row.seen) for row in off(rows)} == {
        ("cloudformation.DescribeStacks", "the same", "status 418"),
        ("rds.DescribeDBSnapshots", "the same", "error SnapshotQuotaExceeded"),
        ("secretsmanager.DescribeSecret", "the same", "NextRotationDate"),
        ("secretsmanager.RotateSecret", "VersionId", "the same"),
    }
    assert [row.verdict for row in rows if row.what == "ssm.SendCommand"] == [NOT_JUDGED]


def test_other_states_and_another_order_are_off(made: Path, bundle: Bundle) -> None:
    events = bundle.lines(EVENTS)
    vpc = next(
        e for e in events if (e["path"], e["status"]) == ("NetworkStack/Vpc", "CREATE_COMPLETE")
    )
    subnet = next(
        e
        for e in events
        if e["path"].startswith("NetworkStack/PublicSubnet") and e["status"] == "CREATE_IN_PROGRESS"
    )
    events.remove(subnet)
    events.insert(events.index(vpc), subnet)
    events.insert(events.index(vpc), {**vpc, "status": "CREATE_PENDING"})
    bundle.write_lines(EVENTS, events)
    found = {row.what for row in off(emulator.judge(bundle, Bundle(made)))}
    assert "events of NetworkStack/Vpc" in found
    assert f"{subnet['path']} begins, as NetworkStack/Vpc ends" in found
    assert all("NetworkStack" in what for what in found)


def test_the_command_prints_what_is_off_and_exits_with_1(
    clinic: Callable[..., Ended], bundle: Bundle
) -> None:
    later(bundle, "DatabaseStack/Database", "CREATE_COMPLETE", 600)
    ended = clinic("accept", "--compare", bundle.folder)
    assert ended.code == 1
    assert "DatabaseStack/Database (AWS::RDS::DBInstance)  480 s     1080 s" in ended.out
    assert "timeline: " in ended.out
    assert "emulator: " in ended.out
    assert "promises did not hold." in ended.err
    assert len(ended.out.splitlines()) < 8


def test_the_command_says_all_rows_as_objects(clinic: Callable[..., Ended], made: Path) -> None:
    ended = clinic("accept", "--compare", made, "--json")
    assert ended.code == 0, ended.err
    *rows, done = map(json.loads, ended.out.splitlines())
    assert {row["kind"] for row in rows} == {"row"}
    assert done["kind"] == "done"
    assert done["off"] == 0
    assert sum(sum(counts.values()) for counts in done["counts"].values()) == len(rows)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("accept",), "give an environment"),
        (("accept", "--compare", "no-such-folder"), "cannot be read"),
        (("accept", "dev", "--rehearse", "--resume"), "nothing to --resume"),
        (("accept", "nosuch", "--rehearse"), "nosuch"),
        (("accept", "dev", "--rehearse", "--env-file", "no.env"), "no.env"),
        (("accept", "dev", "--rehearse", "--frontend", "docs"), "docs"),
    ],
)
def test_bad_input_is_one_sentence(
    clinic: Callable[..., Ended], arguments: tuple[str, ...], says: str
) -> None:
    ended = clinic(*arguments)
    assert ended.code == 2
    assert says in ended.err
    assert "Traceback" not in ended.err


def test_a_folder_that_has_not_come_so_far_is_bad_input(
    clinic: Callable[..., Ended], bundle: Bundle
) -> None:
    (bundle.folder / EVENTS).unlink()
    ended = clinic("accept", "--compare", bundle.folder)
    assert (ended.code, "has not come so far" in ended.err) == (2, True)
