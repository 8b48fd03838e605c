"""Whatever a person hands over: one sentence, exit code 2, no traceback, nothing changed."""

from __future__ import annotations

import copy
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.application.env import fingerprint
from generator.errors import ClinicError
from generator.model import view
from generator.parameters import patterns
from tests.conftest import ROOT, Ended
from tests.resolved import flat

Clinic = Callable[..., Ended]
DEEP = "[" * 100_000
OFFLINE = [
    ["prove", "seed"],
    ["cost", "seed"],
    ["timeline", "seed"],
    ["timeline", "seed", "--change", "InstanceType=t3.small"],
    ["diagram", "seed"],
    ["diagram", "seed", "--format", "svg"],
    ["forecast", "HEAD", "--env", "seed"],
    ["stress", "seed", "--simulate"],
]


def placed(path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """The flat template with ``value`` at ``path``."""
    template = copy.deepcopy(flat())
    node: Any = template
    for step in path[:-1]:
        node = node.setdefault(step, {}) if isinstance(node, dict) else node[step]
    node[path[-1]] = value
    return template


def rule(expression: Any) -> dict[str, Any]:
    return {"Assertions": [{"Assert": expression}]}


BROKEN: dict[str, tuple[tuple[Any, ...], Any]] = {
    "a rule with ValueOf": (("Rules", "New"), rule({"Fn::ValueOf": ["VpcCidr", "Tags.a"]})),
    "a rule with ValueOfAll": (("Rules", "New"), rule({"Fn::ValueOfAll": ["AWS::EC2::VPC", "a"]})),
    "a rule with RefAll": (("Rules", "New"), rule({"Fn::RefAll": "AWS::EC2::VPC::Id"})),
    "a rule without assertions": (("Rules", "New"), {}),
    "a rule about nothing": (("Rules", "New"), rule({"Ref": "Nowhere"})),
    "a rule with too few arguments": (("Rules", "New"), rule({"Fn::Equals": ["a"]})),
    "a parameter without a type": (("Parameters", "BackupDays", "Type"), None),
    "a parameter whose type is an object": (("Parameters", "BackupDays", "Type"), {"Ref": "x"}),
    "a pattern that is an object": (("Parameters", "VpcCidr", "AllowedPattern"), {}),
    "a pattern that nobody reads": (("Parameters", "VpcCidr", "AllowedPattern"), "("),
    "a pattern that only Java reads": (("Parameters", "VpcCidr", "AllowedPattern"), r"\p{IsGreek}"),
    "a limit that is no number": (("Parameters", "BackupDays", "MaxValue"), "-"),
    "allowed values that are no list": (("Parameters", "BackupDays", "AllowedValues"), 5),
    "a default that is a list": (("Parameters", "BackupDays", "Default"), [1]),
    "a condition about itself": (
        ("Conditions",),
        {name: {"Condition": name} for name in flat()["Conditions"]},
    ),
    "a resource that is null": (("Resources", "Vpc"), None),
    "outputs that are a list": (("Outputs",), []),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_malformed_template_is_one_sentence_for_every_offline_command(
    clinic: Clinic, tmp_path: Path, what: str
) -> None:
    file = tmp_path / "broken.json"
    file.write_text(json.dumps(placed(*BROKEN[what])))
    before = sorted(tmp_path.iterdir())
    for command in (*OFFLINE, ["check", "seed"]):
        ended = clinic(*command, "--templates", file)
        assert (ended.code, ended.out) == (2, ""), (command, ended.err)
        assert len(ended.err.splitlines()) == 1, command
        assert ended.err.startswith("clinic: "), command
    assert sorted(tmp_path.iterdir()) == before


JUNK: st.SearchStrategy[Any] = st.sampled_from(
    [
        *(None, [], {}, 5, True, "", "${x", "\ud800", "9" * 900, 9**900, [[1]], {"a": None}),
        *({"Ref": None}, {"Ref": ["a"]}, {"Ref": {"Ref": "x"}}, {"Ref": "Nowhere"}),
        *({"Fn::GetAtt": []}, {"Fn::GetAtt": [{}, "b"]}, {"Fn::If": []}, {"Fn::If": [{}, 1, 2]}),
        *({"Fn::Join": "x"}, {"Fn::Join": [None, ["a"]]}, {"Fn::Select": ["x", ["a"]]}),
        *({"Fn::Select": [-9, ["a"]]}, {"Fn::Split": ["", "x"]}, {"Fn::Cidr": ["x/y", 1, 8]}),
        *({"Fn::Cidr": ["10.0.0.0/16", 10**30, 99]}, {"Fn::Sub": 5}, {"Fn::Sub": [5, {}]}),
        *({"Fn::FindInMap": []}, {"Fn::GetAZs": []}, {"Fn::Base64": 5}, {"Condition": 5}),
        *({"Fn::Not": []}, {"Fn::And": 5}, {"Fn::EachMemberIn": [[{}], [{}]]}),
    ]
)


@st.composite
def odd(draw: st.DrawFn) -> dict[str, Any]:
    """The flat template with something else in one place, which may be anywhere."""
    template = copy.deepcopy(flat())
    place: Any = template
    for _ in range(draw(st.integers(1, 8))):
        key = draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        if not isinstance(place[key], dict | list) or not place[key]:
            break
        place = place[key]
    key = draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
    place[key] = draw(JUNK)
    return template


@given(template=odd(), command=st.sampled_from(OFFLINE))
@settings(max_examples=60, deadline=None)
def test_an_odd_template_is_judged_or_refused_by_every_offline_command(
    template: dict[str, Any], command: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    from click.exceptions import Exit

    from generator.commands.cli import clinic as program

    file = tmp_path_factory.mktemp("odd") / "odd.json"
    file.write_text(json.dumps(template))
    try:
        program.main([*command, "--templates", str(file)], standalone_mode=False)
    except (ClinicError, Exit):
        pass
    except UnicodeEncodeError:
        assert "\\ud800" in json.dumps(template)  # main() shows it escaped


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf{}",
        '{"Resources": {}}'.encode("utf-16"),
        b'{"Resources": NaN}',
        b'{"Resources": ' + b"9" * 5000 + b"}",
        DEEP.encode(),
        b'{"a":' * 100_000,
        b"",
        b"\x00" * 1000,
        b"a: &a [*a]",
        b"Resources: !Ref [",
    ],
    ids=[
        "bom",
        "utf-16",
        "nan",
        "long int",
        "deep",
        "deep objects",
        "empty",
        "zeros",
        "loop",
        "tag",
    ],
)
def test_bytes_that_are_no_template_are_one_sentence(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "t.json"
    file.write_bytes(data)
    with pytest.raises(ClinicError) as refused:
        view.load("seed", ROOT / "params", file)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "data", [DEEP, "{" * 9, '{"a": NaN}', "\ufeff{}", '{"a": ' + "9" * 5000 + "}", "[]", "5", ""]
)
def test_expectations_that_are_none_are_one_sentence_and_stay(
    clinic: Clinic, tmp_path: Path, data: str
) -> None:
    (tmp_path / "expectations").mkdir()
    (tmp_path / "seed.json").write_bytes((ROOT / "params/seed.json").read_bytes())
    file = tmp_path / "expectations/seed.json"
    file.write_text(data, "utf-8")
    ended = clinic("prove", "seed", "--params", tmp_path)
    assert (ended.code, ended.out, len(ended.err.splitlines())) == (2, "", 1)
    assert file.read_text("utf-8") == data


@pytest.mark.parametrize("data", [DEEP, "", "[]", "{}", "5", '{"salt": NaN}', "\ufeff{}"])
def test_a_fingerprint_that_is_none_counts_as_missing(data: str) -> None:
    assert fingerprint.from_json(data.encode()) is None


@pytest.mark.parametrize(
    "data", [DEEP, "{" * 9, "[5]", "[{}]", "NaN", '{"a": 1}', "", "[" + "9" * 5000]
)
def test_a_parameter_file_that_is_none_is_one_sentence(
    clinic: Clinic, tmp_path: Path, data: str
) -> None:
    file = tmp_path / "p.json"
    file.write_text(data)
    for command in (["params"], ["prove"], ["cost"]):
        ended = clinic(*command, file)
        assert (ended.code, ended.out, len(ended.err.splitlines())) == (2, "", 1)


@pytest.mark.parametrize(
    ("pattern", "fits", "refuses"),
    [
        (r"[\w-\+]+", "a-b+c_d", "a b"),
        (r"[\w-.]+", "a-b.c", "a/b"),
        (r"\p{Alpha}\p{Digit}+", "a12", "12"),
        (r"[\p{Lower}\p{Digit}-]+", "a-1", "A"),
        (r"(?<name>a)\k", "", None),
        (r"(?<name>a+)", "aa", "b"),
        (r"a++b", "aab", "aa"),
        (r"^a\z", "a", "a\n"),
        (r"[^\]\[]*", "ab", "a]"),
    ],
)
def test_a_pattern_of_java_is_read_as_java_reads_it(
    pattern: str, fits: str, refuses: str | None
) -> None:
    if refuses is None:
        with pytest.raises(ValueError, match="bad escape"):
            patterns.compiled(pattern)
        return
    assert patterns.compiled(pattern).fullmatch(fits)
    assert not patterns.compiled(pattern).fullmatch(refuses)


@pytest.mark.parametrize("pattern", ["[a-z&&[^b]]", "[a[bc]]", r"\p{IsGreek}", r"\Qa.b\E"])
def test_a_pattern_that_python_would_read_otherwise_is_not_guessed(pattern: str) -> None:
    declared = {"A": {"Type": "String", "AllowedPattern": pattern, "Default": "b"}}
    data = json.dumps({"Resources": {}, "Parameters": declared}).encode()
    with pytest.raises(ClinicError, match="AllowedPattern cannot be judged here"):
        view.template("t.json", data)


def run(arguments: list[str], shell: str) -> subprocess.CompletedProcess[str]:
    command = f'"$0" -m generator {" ".join(arguments)} {shell}'
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", command, sys.executable],
        cwd=ROOT,
        env={**os.environ, "PYTHONWARNINGS": "error"},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    "arguments", [["--help"], ["params"], ["params", "--json"], ["diagram"], ["prove", "seed"]]
)
def test_a_closed_stdout_is_one_sentence_before_anything_is_done(arguments: list[str]) -> None:
    ended = run(arguments, ">&-")
    assert (ended.returncode, ended.stderr) == (
        2,
        "clinic: there is no stdout: send the output to a file, or to /dev/null.\n",
    )


def test_a_closed_stdout_writes_no_files(tmp_path: Path) -> None:
    folder = tmp_path / "made"
    assert run(["generate", "--no-lint", "--output", str(folder)], ">&-").returncode == 2
    assert not folder.exists()


@pytest.mark.parametrize("arguments", [["params"], ["diagram", "--json"]])
@pytest.mark.parametrize("shell", ["2>&-", "<&-", "<&- 2>&-"])
def test_what_nobody_reads_or_writes_may_be_closed(arguments: list[str], shell: str) -> None:
    ended, usual = run(arguments, shell), run(arguments, "")
    assert (ended.returncode, ended.stdout) == (0, usual.stdout)


def test_a_sentence_that_nobody_takes_still_has_its_exit_code() -> None:
    for shell in "2>&-", "2>/dev/full", ">&- 2>&-":
        assert run(["params", "nowhere"], shell).returncode == 2


def test_a_reader_who_goes_away_leaves_no_traceback() -> None:
    for arguments in ["diagram", "--json"], ["prove", "seed"], ["cost", "seed", "--json"]:
        ended = run(arguments, "| head -c1")
        assert (ended.returncode in (0, 1), ended.stderr) == (True, ""), arguments


def test_an_interrupt_that_is_ignored_stays_ignored_on_the_way_out() -> None:
    """As under nohup."""
    program = (
        "import atexit, os, signal; from generator.__main__ import main; "
        "atexit.register(os.kill, os.getpid(), signal.SIGINT); main()"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, "--version"],
        cwd=ROOT,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
        capture_output=True,
        text=True,
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_every_pattern_of_ours_is_read_alike_by_both() -> None:
    for name, declared in flat()["Parameters"].items():
        pattern = declared.get("AllowedPattern", "")
        assert patterns.compiled(pattern).pattern.replace(r"\-", "-") == pattern, name
