"""Parameter files: found, read and checked against a template, as CloudFormation would.

A file is CloudFormation's own list form, ``[{"ParameterKey": ..., "ParameterValue": ...}]``, so
the AWS CLI and the console take it too.
"""

from __future__ import annotations

import json
import os
import stat
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from generator import limits
from generator.errors import ClinicError, quote, reason
from generator.parameters import rules, values, zones

LIMIT = 1_000_000
"""Bytes of a file. 200 parameters of 4,096 bytes, the most a stack takes, fit well."""

ENTRY = {"ParameterKey", "ParameterValue"}
SCHEMA = ".schema.json"
"""How the name of a file ends that says what another kind of file may hold."""


class Problem(NamedTuple):
    """One thing wrong with a parameter."""

    key: str
    sentence: str
    """What is wrong, what is allowed and what to do; never the value of a NoEcho parameter."""


def environments(folder: Path) -> list[str]:
    """Names of the environments that ``folder`` describes: the stems of its JSON files, except
    those that describe something else (``env.schema.json``)."""
    files = (path for path in folder.glob("*.json") if not path.name.endswith(SCHEMA))
    return sorted(path.stem for path in files)


def find(env: str, folder: Path) -> Path:
    """The file of an environment, or ``env`` as a path; ClinicError if there is none."""
    if env.endswith(".json") or "/" in env:
        return Path(env)
    known = environments(folder)
    if env in known:
        return folder / f"{env}.json"
    near = nearest(env, known)
    choice = f"choose one of {', '.join(known)}" if known else "name its folder with --params"
    hint = f"did you mean {near}?" if near else f"{choice}, or give the path of a .json file."
    raise ClinicError(f"there is no environment {quote(env)} in {folder}: {hint}")


def find_all(envs: Iterable[str], folder: Path) -> list[Path]:
    """The files of some environments, of all if none is named; ClinicError if there is none."""
    named = [find(env, folder) for env in envs]
    if not named:
        named = [folder / f"{env}.json" for env in environments(folder)]
    if not named:
        raise ClinicError(f"{folder} holds no parameter files: name another folder with --params.")
    return named


def load(path: Path) -> dict[str, str]:
    """Values by parameter; ClinicError if ``path`` is not a readable file in the list form."""
    return parse(path, read(path))


def parse(path: Path, data: bytes) -> dict[str, str]:
    """As ``load``, of what ``path`` holds or once held."""
    entries = _parse(path, data)
    if not isinstance(entries, list):
        raise ClinicError(
            f"{path} must be a list: "
            '[{"ParameterKey": "Name", "ParameterValue": "value"}, ...]; it is '
            f"{_kind(entries)}."
        )
    if len(entries) > limits.COUNTS["Parameters"]:
        most = limits.COUNTS["Parameters"]
        raise ClinicError(f"{path} has {len(entries):,} entries, and a stack takes at most {most}.")
    parsed: dict[str, str] = {}
    for number, entry in enumerate(entries, start=1):
        key, value = _entry(path, number, entry)
        if key in parsed:
            raise ClinicError(
                f"{path} gives {quote(key)} twice, again as entry {number}: keep one of them."
            )
        parsed[key] = value
    return parsed


def check(parameters: Mapping[str, str], template: Mapping[str, Any]) -> list[Problem]:
    """What CloudFormation would refuse, in the file's order; an empty list if nothing.

    Rules are only asked when every value is valid in itself.
    """
    declared: Mapping[str, Any] = template.get("Parameters", {})
    problems = [Problem(key, _unknown(key, declared)) for key in parameters if key not in declared]
    for key, declaration in declared.items():
        if key in parameters:
            wrong = values.check(parameters[key], declaration)
            problems += [Problem(key, f"{key} {wrong}")] if wrong else []
        elif "Default" not in declaration:
            problems.append(Problem(key, _missing(key, declaration)))
    if problems:
        return problems
    miscounted = zones.mismatch(declared, parameters)
    return [
        *([Problem(zones.NAMES, miscounted)] if miscounted else []),
        *(
            Problem(rule, f"{sentence} (rule {rule})")
            for rule, sentence in rules.broken(template.get("Rules", {}), declared, parameters)
        ),
    ]


def load_checked(path: Path, template: Mapping[str, Any]) -> dict[str, str]:
    """Load and check; ClinicError with a line for each problem."""
    parameters = load(path)
    if problems := check(parameters, template):
        raise ClinicError("\n        ".join(f"{path}: {problem.sentence}" for problem in problems))
    return parameters


def objects(path: Path, template: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The same for programs: an object for each problem, or one that says that there is none."""
    about, parameters = {"file": str(path)}, load(path)
    problems = check(parameters, template)
    for key, sentence in problems:
        yield {"kind": "problem", **about, "parameter": key, "sentence": sentence}
    if not problems:
        yield {"kind": "parameters", **about, "count": len(parameters)}


def line_of(key: str, data: bytes) -> int:
    """Where a file gives a parameter; its first line if it does not."""
    before, separator, _ = data.partition(json.dumps(key).encode())
    return before.count(b"\n") + 1 if separator else 1


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """The choice that was probably meant."""
    from difflib import get_close_matches

    folded = {choice.casefold(): choice for choice in choices}
    close = get_close_matches(word.casefold(), folded, n=1)
    return folded[close[0]] if close else None


def read(path: Path, kind: str = "parameter file") -> bytes:
    """The bytes of a file of some kind; ClinicError if it is no readable file, or too large."""
    try:
        status = os.stat(path)
        if stat.S_ISDIR(status.st_mode):
            raise ClinicError(f"{path} is a folder: give the path of a {kind} in it.")
        if not stat.S_ISREG(status.st_mode):
            raise ClinicError(f"{path} is not a regular file: give the path of a {kind}.")
        if status.st_size > LIMIT:
            raise ClinicError(
                f"{path} has {status.st_size:,} bytes, and a {kind} at most {LIMIT:,}: "
                "this is probably another file."
            )
        return path.read_bytes()
    except (OSError, ValueError) as error:
        why = reason(error) if isinstance(error, OSError) else str(error)
        raise ClinicError(
            f"{quote(str(path))} cannot be read ({why}): check the path and that this user may "
            "read it."
        ) from error


def _parse(path: Path, data: bytes) -> Any:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members: dict[str, Any] = {}
        for name, value in pairs:
            if name in members:
                raise ClinicError(f"{path} has {quote(name)} twice in one object: keep one.")
            members[name] = value
        return members

    if data.startswith(BOM_UTF8):
        raise ClinicError(f"{path} starts with a byte order mark: save it as UTF-8 without one.")
    try:
        return json.loads(data.decode(), object_pairs_hook=unique)
    except json.JSONDecodeError as error:
        raise ClinicError(
            f"{path} is not valid JSON: line {error.lineno}, column {error.colno}: {error.msg}.",
            line=error.lineno,
        ) from error
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ClinicError(
            f"{path} is not UTF-8 text (line {line}): save it as UTF-8.", line=line
        ) from error
    except RecursionError as error:
        raise ClinicError(f"{path} is not a parameter file: it is nested too deeply.") from error
    except ValueError as error:
        raise ClinicError(f"{path} is not a parameter file: {error}.") from error


def _entry(path: Path, number: int, entry: Any) -> tuple[str, str]:
    where = f"{path}, entry {number}"
    if not isinstance(entry, dict) or entry.keys() != ENTRY:
        raise ClinicError(
            f'{where} must be {{"ParameterKey": "Name", "ParameterValue": "value"}} and nothing '
            "else."
        )
    key, value = entry["ParameterKey"], entry["ParameterValue"]
    if not isinstance(key, str):
        raise ClinicError(f"{where}: ParameterKey must be text, and it is {_kind(key)}.")
    if not isinstance(value, str):
        raise ClinicError(
            f"{where}: the value of {quote(key)} must be text in quotes, such as "
            f'"2", "true" or "a,b"; it is {_kind(value)}.'
        )
    return key, value


def _kind(value: Any) -> str:
    kinds = {dict: "an object", list: "a list", str: "text", bool: "true or false"}
    return "null" if value is None else kinds.get(type(value), "a number")


def _unknown(key: str, declared: Iterable[str]) -> str:
    near = nearest(key, declared)
    hint = f"did you mean {near}?" if near else "remove it."
    return f"{quote(key)} is not a parameter of the template: {hint}"


def _missing(key: str, declaration: Mapping[str, Any]) -> str:
    return f"{key} is missing and has no default: {declaration.get('Description', 'add it.')}"
