"""Recorded outputs and what they mean: the first cause, in the right place, or nothing."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from generator import bootstrap
from generator.application.doctor.examine import examine
from generator.application.doctor.instance import InstanceState
from generator.cloud import catalogue
from generator.cloud.backend import Target

RECORDED = sorted((Path(__file__).parent / "recorded").glob("*.txt"))
NOTHING = "nothing"


def read(path: Path) -> InstanceState:
    """A patient from a file of sections; its name begins with the fault, or with ``nothing``."""
    sections: dict[str, list[str]] = {}
    for line in path.read_text().splitlines():
        if head := re.fullmatch(r"\[([a-z]+)\]", line):
            lines = sections.setdefault(head[1], [])
        else:
            lines.append(line)
    balance, _, mode = sections.get("credits", [""])[0].partition(" ")
    health = sections.get("target", [""])[0]
    return InstanceState(
        id="i-0123456789abcdef0",
        lifecycle=sections.get("lifecycle", ["InService"])[0],
        boot=sections.get("boot", ()),
        container=sections.get("container", ()),
        console=sections.get("console", ()),
        target=Target("i-0123456789abcdef0", *health.split("|")) if health else None,
        credits=float(balance) if balance else None,
        standard=mode == "standard",
    )


def recorded(name: str) -> InstanceState:
    return read(next(path for path in RECORDED if path.stem == name))


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_a_recorded_output_has_its_first_cause_and_no_other(path: Path) -> None:
    expected, found = path.stem.partition(".")[0], examine(read(path))
    assert (found.fault if found else NOTHING) == expected


def test_every_fault_that_is_known_was_recorded() -> None:
    known = {trap.name for trap in catalogue.on_instances()}
    assert known - {path.stem.partition(".")[0] for path in RECORDED} == set()
    assert len(known) >= 15


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("database-tls", 'error: no pg_hba.conf entry for host "10.0.10.87", user "clinic_owner"'),
        ("out-of-memory.killed", "The command '/bin/sh -c npm ci' returned a non-zero code: 137"),
        ("git-branch", "fatal: Remote branch v9 not found in upstream origin"),
        ("credits", "CPU credits: 0.0, standard"),
        ("health-404", "target i-0123456789abcdef0 is unhealthy: Health checks failed with these"),
    ],
)
def test_the_evidence_is_the_line_that_tells(name: str, line: str) -> None:
    found = examine(recorded(name))
    assert found
    assert found.evidence.startswith(line)


def test_the_words_of_the_log_are_in_the_meaning() -> None:
    branch, key = examine(recorded("git-branch")), examine(recorded("env-key"))
    assert branch
    assert "no branch or tag v9" in branch.meaning
    assert key
    assert "no AWS_S3_CDN" in key.meaning


@pytest.mark.parametrize(
    ("cause", "consequence"),
    [
        ("apt-lock.lists", "health-timeout"),
        ("env-jwt-secret.boot", "health-404"),
        ("database-tls", "port-closed"),
        ("image-missing", "container-loop"),
        ("out-of-memory.killed", "target-stopped"),
    ],
)
def test_a_consequence_is_not_reported_as_the_cause(cause: str, consequence: str) -> None:
    sick, after = recorded(cause), recorded(consequence)
    both = replace(sick, target=after.target, credits=0.0, standard=True)
    found = examine(both)
    assert found
    assert found.fault == cause.partition(".")[0]


def test_what_an_earlier_run_of_the_backend_said_is_over() -> None:
    refused = recorded("database-password")
    later = recorded("health-404")
    found = examine(replace(later, container=[*refused.container, *later.container]))
    assert found
    assert found.fault == "health-404"


def test_an_apt_lock_counts_once_the_boot_has_failed_by_it() -> None:
    waiting = recorded("nothing.waits-for-apt")
    assert examine(waiting) is None
    given_up = [*waiting.boot, "--- DEPLOYMENT FAILED: INSTALLING DOCKER (status 100) ---", "x"]
    found = examine(replace(waiting, boot=given_up))
    assert found
    assert found.fault == "apt-lock"


def test_a_log_has_no_power_over_the_terminal() -> None:
    evil = "fatal: Remote branch \x1b[2Jv9 not found in upstream origin"
    found = examine(replace(recorded("git-branch"), boot=[evil]))
    assert found
    assert "\x1b" not in found.meaning + found.evidence


SCRIPT = bootstrap.part(*bootstrap.LIBRARY, *bootstrap.FILES)
STEPS = re.findall(r'step "([^"$]+)', SCRIPT)
SAYS = "\n".join(re.findall(r'echo "([^"]+)"', SCRIPT))


def test_the_boot_script_says_what_the_rules_wait_for() -> None:
    """Whoever rewords the script finds the rules that read it."""
    for text in (path.read_text() for path in RECORDED):
        for step in re.findall(r"^--- ([A-Z' ]+?) ---$", text, re.M):
            assert step in STEPS, step
        for step in re.findall(r"^--- DEPLOYMENT FAILED: ([A-Z ]+?) \(status", text, re.M):
            assert step in STEPS, step
    assert "--- ${STEP} ---" in SAYS
    assert "--- DEPLOYMENT FAILED: ${STEP} (status $1) ---" in SAYS
    assert "${service} answered HTTP ${code}: ${answer:0:400}" in SAYS
    assert "Gave up after ${limit} s: ${what}" in SAYS
    for what in ("the database's address in its secret", "the database's port", "the .env"):
        assert f'"{what}' in SCRIPT


def test_every_step_of_the_boot_that_fails_is_explained() -> None:
    for step in STEPS:
        failure = f"--- DEPLOYMENT FAILED: {step} (status 1) ---"
        assert examine(replace(recorded("boot-failed"), boot=[f"--- {step} ---", failure])), step


def test_no_hint_of_the_script_is_taken_for_what_happened() -> None:
    """A hint names what may be wrong; only the step's own rule may speak then."""
    hints = re.findall(r'step "[^"]+" "((?:[^"]|\\\n)+)"', SCRIPT)
    assert len(hints) >= 10
    for hint in hints:
        assert catalogue.look_up(hint, among=catalogue.on_instances()) is None, hint
