"""Parameter files: what CloudFormation takes passes, everything else is a sentence."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generator import output
from generator.errors import ClinicError, quote
from generator.model.walk import references
from generator.parameters import files as parameters
from tests.conftest import ROOT, Ended

TEMPLATE: dict[str, Any] = output.documents()["flat.json"]
DECLARED: dict[str, Any] = TEMPLATE["Parameters"]
ENVIRONMENTS = {env: ROOT / "params" / f"{env}.json" for env in ("seed", "dev", "prod")}

IN_RULES = {*references(TEMPLATE["Rules"]), "Zones", "ZoneNames"}
"""Parameters that depend on each other; the others may have any valid value."""


def test_a_schema_beside_the_parameter_files_is_no_environment(
    clinic: Callable[..., Ended], tmp_path: Path
) -> None:
    assert (ROOT / "params/env.schema.json").exists()
    assert parameters.environments(ROOT / "params") == ["dev", "prod", "seed"]
    (tmp_path / "env.schema.json").write_text("{}")
    assert parameters.environments(tmp_path) == []
    assert clinic("params").code == 0


slow = settings(deadline=None, suppress_health_check=list(HealthCheck))
many = settings(slow, max_examples=500)


def entries(values: dict[str, str]) -> list[dict[str, str]]:
    return [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()]


def saved(path: Path, content: Any) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


def refusal(path: Path) -> str:
    with pytest.raises(ClinicError) as error:
        parameters.load_checked(path, TEMPLATE)
    assert error.value.exit_code == 2
    return str(error.value)


def refusal_or_none(path: Path) -> str | None:
    try:
        parameters.load_checked(path, TEMPLATE)
    except ClinicError as error:
        return str(error)
    return None


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("params") / "some.json"


# ------------------------------------------------------------------ thousands of files


def valid(declaration: dict[str, Any]) -> st.SearchStrategy[str]:
    if allowed := declaration.get("AllowedValues"):
        return st.sampled_from(allowed).map(str)
    if declaration["Type"] == "Number":
        bounds = declaration.get("MinValue", 0), declaration.get("MaxValue", 10**9)
        return st.integers(*bounds).map(str)
    pattern = declaration.get("AllowedPattern", ".{1,50}")
    return st.from_regex(pattern, fullmatch=True, alphabet=st.characters(codec="ascii")).filter(
        lambda text: not text.endswith("\n")
    )


@st.composite
def valid_files(draw: st.DrawFn) -> dict[str, str]:
    """A file of the project with some of its free parameters changed and others left out."""
    values = parameters.load(draw(st.sampled_from(list(ENVIRONMENTS.values()))))
    for key in draw(st.sets(st.sampled_from(sorted(DECLARED.keys() - IN_RULES)))):
        if "Default" in DECLARED[key] and draw(st.booleans()):
            values.pop(key, None)
        else:
            values[key] = draw(valid(DECLARED[key]))
    return values


@many
@given(values=valid_files())
def test_every_valid_file_passes(values: dict[str, str], file: Path) -> None:
    assert parameters.load_checked(saved(file, entries(values)), TEMPLATE) == values


@many
@given(values=valid_files(), key=st.text(min_size=1))
def test_an_unknown_parameter_is_named(values: dict[str, str], key: str, file: Path) -> None:
    if key not in DECLARED:
        said = refusal(saved(file, entries(values | {key: "x"})))
        assert said.startswith(f"{file}: {quote(key)} is not a parameter")


@many
@given(values=valid_files(), data=st.data())
def test_a_value_that_its_declaration_forbids_is_named(
    values: dict[str, str], data: st.DataObject, file: Path
) -> None:
    key = data.draw(st.sampled_from(sorted(DECLARED)))
    values[key] = data.draw(
        st.sampled_from(["\0", " ", "\n", "ñ", "'\"", "x" * 4097, "\ud800", "٣"])
    )
    said = refusal(saved(file, entries(values)))
    [line] = said.splitlines()
    assert line.startswith(f"{file}: {key} ")
    assert line.isprintable()
    assert line.endswith((".", "?")) or DECLARED[key].get("ConstraintDescription", "-") in line


BREAKAGES: list[Callable[[bytes, int], bytes]] = [
    lambda text, at: text[: at % len(text)],
    lambda text, at: text[: at % len(text)] + b"\xff" + text[at % len(text) :],
    lambda text, at: text[: at % len(text)] + b"\0" + text[at % len(text) :],
    lambda text, at: text[: at % len(text)] + b"{" + text[at % len(text) :],
    lambda text, at: b"\xef\xbb\xbf" + text,
    lambda text, at: text.decode().encode("utf-16"),
    lambda text, at: text * 2,
    lambda text, at: b"[" * (at % 200_000),
    lambda text, at: text.replace(b'"Parameter', b'"parameter', 1 + at % 5),
    lambda text, at: text.replace(b'"ParameterValue"', b'"ParameterKey"', 1 + at % 5),
    lambda text, at: b"%d" % 10**at if at < 4000 else b"9" * at,
]


@many
@given(
    values=valid_files(),
    breakage=st.sampled_from(BREAKAGES),
    at=st.integers(min_value=0, max_value=10_000),
)
def test_a_damaged_file_is_one_sentence(
    values: dict[str, str], breakage: Callable[[bytes, int], bytes], at: int, file: Path
) -> None:
    whole = json.dumps(entries(values), indent=1).encode()
    damaged = breakage(whole, at)
    saved(file, damaged)
    # A character more inside a value can be one that the value may hold.
    if said := refusal_or_none(file):
        assert said.startswith(str(file))
        assert all(line.isprintable() for line in said.splitlines())
    else:
        assert json.loads(damaged) != json.loads(whole)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.sampled_from(["ParameterKey", "ParameterValue", "x"]), inner)
    ),
)


@many
@given(document=JSON)
def test_any_other_json_is_refused(document: Any, file: Path) -> None:
    if document != []:
        assert refusal(saved(file, document)).startswith(str(file))


@settings(slow, max_examples=50)
@given(junk=st.binary(max_size=300))
def test_the_command_line_refuses_junk_with_code_2(
    junk: bytes, file: Path, clinic: Callable[..., Ended]
) -> None:
    ended = clinic("params", saved(file, junk))
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f"clinic: {file}")
    assert len(ended.err.splitlines()) == 1


# ------------------------------------------------------------------ one sentence for each cause


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_each_file_of_the_project_passes(env: str) -> None:
    assert parameters.load_checked(ENVIRONMENTS[env], TEMPLATE)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not valid JSON: line 1, column 1"),
        (b'[\n  {"ParameterKey": "A",\n   ]', "is not valid JSON: line 3, column 4"),
        (b'[\n\n"\xff"]', "is not UTF-8 text (line 3): save it as UTF-8."),
        (b"\xef\xbb\xbf[]", "starts with a byte order mark: save it as UTF-8 without one."),
        ({"EnvironmentName": "x"}, "must be a list: "),
        ([{"ParameterKey": "A"}], "entry 1 must be "),
        ([{"ParameterKey": 1, "ParameterValue": "1"}], "ParameterKey must be text"),
        ([{"ParameterKey": "Zones", "ParameterValue": 2}], 'the value of "Zones" must be text'),
        ([{"ParameterKey": "Zones", "ParameterValue": None}], "it is null"),
        (entries({"Zones": "2"}) * 2, 'gives "Zones" twice, again as entry 2'),
        (b'[{"ParameterKey": "A", "ParameterKey": "B"}]', 'has "ParameterKey" twice'),
        (entries({f"P{i}": "" for i in range(201)}), "has 201 entries, and a stack takes"),
        (b"[" * 200_000, "is not a parameter file: it is nested too deeply."),
        (b"9" * 5000, "is not a parameter file"),
        (entries({"zones": "2"}), '"zones" is not a parameter of the template: did you mean Zones'),
        (entries({"Xyzzy": "2"}), '"Xyzzy" is not a parameter of the template: remove it.'),
        (entries({"Zones": "4"}), 'Zones = "4" is not allowed: choose one of "2", "3".'),
    ],
)
def test_what_is_wrong_with_a_file(content: Any, said: str, file: Path) -> None:
    assert said in refusal(saved(file, content))


def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path) == (
        f"{tmp_path} is a folder: give the path of a parameter file in it."
    )


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    assert "is not a regular file" in refusal(tmp_path / "pipe.json")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert "cannot be read (no such file or directory)" in refusal(tmp_path / "none.json")


def test_a_path_with_a_zero_byte_is_refused() -> None:
    # Each Python words it in its own way.
    assert re.search(r'"a\\u0000b.json" cannot be read \(.*null.*\)', refusal(Path("a\0b.json")))


def test_50_megabytes_are_refused_without_being_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (tmp_path / "big.json").open("wb") as big:
        big.truncate(50_000_000)
    monkeypatch.setattr(Path, "read_bytes", lambda path: pytest.fail(f"{path} was read"))
    assert "has 50,000,000 bytes" in refusal(tmp_path / "big.json")


def test_a_file_that_may_not_be_read_is_named(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The refusal is played, since the superuser may read everything."""

    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    saved(file, [])
    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert "cannot be read (permission denied)" in refusal(file)


def test_all_problems_are_told_at_once(file: Path) -> None:
    said = refusal(saved(file, entries({"zone": "2", "Zones": "9", "MinInstances": "0"})))
    assert len(said.splitlines()) == 3


def test_a_missing_parameter_without_default_is_named_with_its_description() -> None:
    template = {"Parameters": {"Name": {"Type": "String", "Description": "Who it is."}}}
    [problem] = parameters.check({}, template)
    assert problem == ("Name", "Name is missing and has no default: Who it is.")


def test_combinations_that_cannot_work_are_told_in_the_templates_own_words(file: Path) -> None:
    values = parameters.load(ENVIRONMENTS["dev"]) | {"WarmPoolSize": "1", "BackendImage": ""}
    assert "WarmPoolSize needs BackendImage" in refusal(saved(file, entries(values)))


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"ZoneNames": "us-east-1a,us-east-1b"}, ""),
        ({"ZoneNames": "us-east-1a,us-east-1b,us-east-1c", "Zones": "3"}, ""),
        ({"ZoneNames": "", "Zones": "3"}, ""),
        ({"ZoneNames": "us-east-1a,us-east-1b", "Zones": "3"}, "names 2 zones and Zones is 3"),
        ({"ZoneNames": "us-east-1a,us-east-1b,us-east-1c"}, "names 3 zones and Zones is 2"),
    ],
)
def test_as_many_zones_are_named_as_are_used(chosen: dict[str, str], said: str) -> None:
    """A rule cannot count; a third subnet would fail half a minute after it was begun."""
    problems = parameters.check(chosen, TEMPLATE)
    assert [problem.key for problem in problems] == (["ZoneNames"] if said else [])
    assert all(said in problem.sentence for problem in problems)
