"""Every offline command over a folder of templates of others.

    python -m tests.benchmarks.foreign FOLDER [COMMAND ...]

A file in FOLDER is a flat template, a folder in it is a set with a root. Parameters without a
default get a value of their type; FOLDER/params/NAME.json gives others, as CloudFormation's
parameter files do. Forecasts are of a change from the last allowed value of each parameter.
A command that ends by a traceback, or prints Python's None, fails the run.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from generator import tables
from generator.errors import ClinicError
from generator.model import view
from generator.parameters.values import check, is_list

CLINIC = [sys.executable, "-m", "generator"]
ROOT = Path(__file__).parents[2]
COMMANDS = ("check", "prove", "cost", "timeline", "forecast", "diagram", "stress")
NOT_JUDGED = re.compile(r"not judged|not priced|is no application balancer|no price|not drawn")
TYPED = {
    "AWS::EC2::AvailabilityZone::Name": "us-east-1{}",
    "AWS::EC2::Image::Id": "ami-0123456789abcdef{}",
    "AWS::EC2::Instance::Id": "i-0123456789abcdef{}",
    "AWS::EC2::SecurityGroup::Id": "sg-0123456789abcdef{}",
    "AWS::EC2::Subnet::Id": "subnet-0123456789abcdef{}",
    "AWS::EC2::VPC::Id": "vpc-0123456789abcdef{}",
    "AWS::EC2::Volume::Id": "vol-0123456789abcdef{}",
    "AWS::Route53::HostedZone::Id": "Z012345678{}",
}
LIKELY = (
    *(
        "10.0.0.0/16",
        "10.0.0.0/24",
        "clinic.example",
        "somebody@clinic.example",
        "Passw0rdPassw0rd",
    ),
    *("https://clinic.example/a.zip", "us-east-1a", "1", "true", "one-two", "123456789012"),
    "arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f",
    *("sg-0123456789abcdef0", "subnet-0123456789abcdef0", "vpc-0123456789abcdef0", "Ab", "abc"),
)


class Result(NamedTuple):
    """Of one command over one set."""

    verdict: str
    sentence: str


def main() -> None:
    """Print a table of sets and commands; exit with 1 if a command failed."""
    folder, commands = Path(sys.argv[1]), tuple(sys.argv[2:]) or COMMANDS
    rows, said = [], []
    with tempfile.TemporaryDirectory() as scratch:
        for path in sorted(folder.iterdir()):
            if (row := _row(path, Path(scratch), commands)) is None:
                continue
            rows.append([path.name, *(result.verdict for result in row)])
            said += [
                f"{path.name}: {name}: {result.verdict}: {result.sentence}"
                for name, result in zip(commands, row, strict=True)
                if result.verdict not in ("ok", "found", "named")
            ]
    tables.show(["templates", *commands], rows)
    print("\n".join(["", *said, ""]))
    counts = Counter(verdict for row in rows for verdict in row[1:])
    print(f"{len(rows)} sets: " + ", ".join(f"{n} {what}" for what, n in counts.most_common()))
    sys.exit(any(verdict in counts for verdict in ("TRACEBACK", "NONE")))


def _row(path: Path, scratch: Path, commands: tuple[str, ...]) -> list[Result] | None:
    """None for what is no set of templates."""
    if path.name == "params" or (path.is_file() and path.suffix not in view.SUFFIXES):
        return None
    place = scratch / re.sub(r"\W", "-", path.stem)
    place.mkdir()
    try:
        root = view.inlined(view.read(path), path)
    except ClinicError as trouble:
        return [Result(f"exit {trouble.exit_code}", str(trouble)) for _ in commands]
    given = path.parent / "params" / f"{path.stem}.json"
    own = json.loads(given.read_text("utf-8")) if given.exists() else []
    values = {one["ParameterKey"]: one["ParameterValue"] for one in own}
    before = _values(root, values, changed=True)
    _write(place, before)
    set_ = place / "output" / ("nested" if path.is_dir() else "flat.json")
    _copy(path, set_)
    _commit(place)
    _write(place, _values(root, values))
    return [_run(command, place, set_) for command in commands]


def _values(
    root: Mapping[str, Any], own: Mapping[str, str], changed: bool = False
) -> dict[str, str]:
    values = dict(own)
    for name, declared in root.get("Parameters", {}).items():
        choices = declared.get("AllowedValues", [])
        if changed and choices and name not in own:
            values[name] = str(choices[-1])
        elif "Default" not in declared and name not in own:
            values[name] = _value(name, declared)
    return values


def _value(name: str, declared: Mapping[str, Any]) -> str:
    """One that the parameter's own constraints let through."""
    kind = declared["Type"]
    item = kind.removeprefix("List<").removesuffix(">")
    typed = [TYPED[item].format(end) for end in "abc"] if item in TYPED else []
    several = [",".join(typed)] if is_list(kind) and typed else typed[:1]
    allowed = [str(one) for one in declared.get("AllowedValues", [])]
    size = int(declared.get("MinLength", 1))
    likely = sorted(LIKELY, key=lambda one: ("cidr" in name.lower()) != ("/" in one))
    for one in [
        *several,
        *allowed[:1],
        str(declared.get("MinValue", "1")),
        *likely,
        "a" * size,
        "",
    ]:
        if kind != "Number" and one == "1" and "MinValue" not in declared:
            continue
        if check(one, declared) is None:
            return one
    return ""  # The commands then say which value is wanted: give it in FOLDER/params.


def _copy(path: Path, target: Path) -> None:
    """As JSON, so that a forecast finds it in a revision."""
    target.parent.mkdir()
    if path.is_dir():
        subprocess.run(["cp", "-r", str(path), str(target)], check=True)
    else:
        target.write_text(json.dumps(view.template(str(path), path.read_bytes())), "utf-8")


def _write(place: Path, values: Mapping[str, str]) -> None:
    rows = [{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()]
    (place / "params").mkdir(exist_ok=True)
    (place / "params" / "other.json").write_text(json.dumps(rows), "utf-8")


def _commit(place: Path) -> None:
    identity = ["-c", "user.name=benchmark", "-c", "user.email=benchmark@example.com"]
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "Before."]):
        subprocess.run(["git", *identity, *command], cwd=place, check=True)


def _run(command: str, place: Path, templates: Path) -> Result:
    arguments = {"forecast": ["main", "--env", "other"], "stress": ["other", "--simulate"]}
    ran = subprocess.run(
        [*CLINIC, command, *arguments.get(command, ["other"]), "--templates", str(templates)],
        cwd=place,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(place)},
        capture_output=True,
        text=True,
        check=False,
    )
    said = ran.stdout + ran.stderr
    (place / f"{command}.txt").write_text(said, "utf-8")
    last = " ".join(ran.stderr.split())[-300:]
    if "Traceback (most recent call last)" in said or ran.returncode not in (0, 1, 2, 3):
        return Result("TRACEBACK", last)
    if none := re.search(r".*\bNone\b.*", said):
        return Result("NONE", none[0].strip()[:300])
    if ran.returncode > 1:
        return Result(f"exit {ran.returncode}", last)
    named = NOT_JUDGED.search(said)
    return Result("named" if named else "found" if ran.returncode else "ok", last)


if __name__ == "__main__":
    main()
