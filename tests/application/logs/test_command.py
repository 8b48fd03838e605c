"""The command at the embedded endpoint."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from generator.application.logs.logs import COLOURS, Lines
from generator.cloud.aws import Aws, connect
from generator.cloud.backend import LOG_GROUP
from generator.local import Endpoint
from tests.cloud import small
from tests.cloud.conftest import new_account
from tests.conftest import ROOT, Ended

Clinic = Callable[..., Ended]
ONE, TWO = "i-0123456789abcdef0", "i-0fedcba9876543210"


class Group:
    """The stack clinic-dev with its log group, in an account of its own."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.environment = {**endpoint.environment, "AWS_ACCESS_KEY_ID": new_account()}
        self.aws: Aws = connect(variables=self.environment)
        body = {"Resources": {LOG_GROUP: {"Type": "AWS::Logs::LogGroup"}}}
        self.aws.client("cloudformation").create_stack(
            StackName="clinic-dev", TemplateBody=json.dumps(body)
        )
        self.aws.client("cloudformation").get_waiter("stack_create_complete").wait(
            StackName="clinic-dev", WaiterConfig={"Delay": 1}
        )
        [self.name] = [r.physical for r in small.resources(self.aws, "clinic-dev")]
        self._streams = set[str]()

    def put(self, stream: str, *texts: str, ago: float = 60) -> None:
        """Let an instance write lines, all at one time."""
        logs = self.aws.client("logs")
        if stream not in self._streams:
            logs.create_log_stream(logGroupName=self.name, logStreamName=stream)
            self._streams.add(stream)
        at = int((time.time() - ago) * 1000)
        logs.put_log_events(
            logGroupName=self.name,
            logStreamName=stream,
            logEvents=[{"timestamp": at, "message": text} for text in texts],
        )


@pytest.fixture
def group(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> Group:
    made = Group(endpoint)
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    return made


def lines(ended: Ended) -> list[str]:
    """The lines without their times."""
    for line in ended.out.splitlines():
        datetime.strptime(line[:20], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    return [line[21:] for line in ended.out.splitlines()]


def test_lines_of_all_instances_are_merged_by_time(group: Group, clinic: Clinic) -> None:
    group.put(f"{ONE}/backend", "1", ago=50)
    group.put(f"{ONE}/backend", "3", "4", ago=30)
    group.put(f"{TWO}/backend", "2", ago=40)
    group.put(f"{TWO}/boot", "5", ago=20)
    ended = clinic("logs", "dev")
    assert (ended.code, ended.err) == (0, "")
    assert lines(ended) == ["bcdef0 1", "543210 2", "bcdef0 3", "bcdef0 4"]
    assert lines(clinic("logs", "dev", "--boot")) == ["543210 5"]
    assert lines(clinic("logs", "dev", "--instance", "543210")) == ["543210 2"]
    assert lines(clinic("logs", "dev", "--instance", ONE, "--since", "35s")) == [
        "bcdef0 3",
        "bcdef0 4",
    ]


def test_no_line_acts_on_the_terminal(group: Group, clinic: Clinic) -> None:
    """The backend's own colours go; what else would move the cursor or hide is written out."""
    group.put(f"{ONE}/backend", "\x1b[32m[Nest] 1\x1b[39m\tstarted\n", "\x1b]0;x\x07\x1b[2J\u202e")
    shown = lines(clinic("logs", "dev"))
    assert shown == ["bcdef0 [Nest] 1 started", r"bcdef0 \x1b]0;x\x07\x1b[2J\u202e"]


def test_programs_get_an_object_for_each_event(group: Group, clinic: Clinic) -> None:
    group.put(f"{ONE}/boot", "\x1b[2J", ago=3600)
    ended = clinic("logs", "dev", "--boot", "--json")
    event, done = map(json.loads, ended.out.splitlines())
    assert event.pop("time").endswith("+00:00")
    assert event == {"kind": "event", "instance": ONE, "log": "boot", "message": "\x1b[2J"}
    assert done == {"kind": "done", "log_group": group.name, "events": 1, "exit_code": 0}
    assert "\x1b" not in ended.out


def test_a_group_without_streams_is_a_sentence(group: Group, clinic: Clinic) -> None:
    ended = clinic("logs", "dev")
    assert (ended.code, ended.out) == (0, "")
    assert ended.err == f"No instance has written a log yet: {group.name} has no streams.\n"


def test_a_time_without_events_is_a_sentence_that_says_how_to_get_more(
    group: Group, clinic: Clinic
) -> None:
    group.put(f"{ONE}/backend", "old", ago=3600)
    ended = clinic("logs", "dev")
    assert (ended.code, ended.out) == (0, "")
    assert ended.err.startswith("Nothing in the backend log since ")
    assert "give an earlier --since" in ended.err
    assert lines(clinic("logs", "dev", "--since", "2h")) == ["bcdef0 old"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["prod"], "there is no stack clinic-prod"),
        (["nowhere"], "nowhere"),
        (["dev", "--instance", "i-nobody"], '"i-nobody" is no instance id'),
        (["dev", "--instance", "../x"], "is no instance id"),
        (["dev", "--since", "soon"], '--since "soon" is no time'),
    ],
)
def test_bad_input_is_a_sentence_and_code_2(
    group: Group, clinic: Clinic, arguments: list[str], words: str
) -> None:
    ended = clinic("logs", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert words in ended.err
    assert len(ended.err.splitlines()) == 1


def test_a_stack_without_a_log_group_is_a_sentence(group: Group, clinic: Clinic) -> None:
    body = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
    group.aws.client("cloudformation").create_stack(
        StackName="clinic-seed", TemplateBody=json.dumps(body)
    )
    ended = clinic("logs", "seed")
    assert ended.code == 2
    assert "clinic-seed has no log group (yet)" in ended.err


def test_each_instance_has_a_colour_of_its_own() -> None:
    shown = Lines(coloured=True)

    def line(instance: str) -> str:
        return shown.line(
            {"timestamp": 0, "logStreamName": f"{instance}/backend", "message": "x", "eventId": "1"}
        )

    first, second, again = line(ONE), line(TWO), line(ONE)
    assert first == again == "1970-01-01T00:00:00Z \x1b[36mbcdef0\x1b[0m x"
    assert second == "1970-01-01T00:00:00Z \x1b[35m543210\x1b[0m x"
    assert [line(f"i-{n}")[21:26] for n in range(len(COLOURS))][-2:] == ["\x1b[36m", "\x1b[35m"]


class Followed:
    """`clinic logs dev -f` in a process of its own, on a terminal of 80 columns or in a pipe."""

    def __init__(self, group: Group, terminal: bool, *arguments: str, **variables: str) -> None:
        out = subprocess.PIPE
        self.master = -1
        if terminal:
            self.master, out = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "generator", "logs", "dev", "-f", *arguments],
            cwd=ROOT,
            env={**os.environ, "COLUMNS": "80", "TERM": "xterm", **variables},
            stdout=out,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        if terminal:
            os.close(out)
        else:
            assert self.process.stdout
            self.master = self.process.stdout.fileno()
        self.shown = ""

    def until(self, text: str) -> None:
        """Read until a text is shown; the test's own deadline is generous."""
        deadline = time.monotonic() + 60
        while text not in self.shown:
            assert time.monotonic() < deadline, self.shown
            self.shown += os.read(self.master, 65536).decode()

    def interrupt(self) -> tuple[int, str]:
        """Ctrl-C; the exit code, and what is on stderr."""
        self.process.send_signal(signal.SIGINT)
        assert self.process.stderr
        with self.process.stderr as stream:
            err = stream.read().decode()
        return self.process.wait(60), err


def test_following_prints_each_event_once_and_those_that_come_late(group: Group) -> None:
    group.put(f"{ONE}/backend", "first", ago=5)
    followed = Followed(group, terminal=False)
    followed.until("first\n")
    group.put(f"{TWO}/backend", "late", ago=55)
    followed.until("late\n")
    group.put(f"{ONE}/backend", "last", ago=0)
    followed.until("last\n")
    assert followed.interrupt() == (130, "\nclinic: interrupted\n")
    assert [line[21:] for line in followed.shown.splitlines()] == [
        "bcdef0 first",
        "543210 late",
        "bcdef0 last",
    ]


def test_on_a_terminal_instances_have_colours_and_the_end_leaves_a_clean_line(group: Group) -> None:
    long = "x" * 200
    group.put(f"{ONE}/backend", long)
    followed = Followed(group, terminal=True)
    followed.until(f"{long}\r\n")
    assert followed.interrupt() == (130, "\nclinic: interrupted\n")
    assert followed.shown[20:] == f" \x1b[36mbcdef0\x1b[0m {long}\r\n"


def test_no_color_is_respected_on_a_terminal(group: Group) -> None:
    group.put(f"{ONE}/backend", "x")
    followed = Followed(group, True, NO_COLOR="1")
    followed.until("\r\n")
    followed.interrupt()
    assert "\x1b" not in followed.shown


def test_following_an_empty_group_says_so_and_waits_for_the_first_event(group: Group) -> None:
    followed = Followed(group, False, "--json")
    assert followed.process.stderr
    assert b"has no streams" in followed.process.stderr.readline()
    group.put(f"{ONE}/backend", "first", ago=0)
    followed.until('"first"}\n')
    code, err = followed.interrupt()
    followed.until('"done"')
    assert (code, err) == (130, "\nclinic: interrupted\n")
    kinds = [json.loads(line)["kind"] for line in followed.shown.splitlines()]
    assert kinds == ["event", "error", "done"]
