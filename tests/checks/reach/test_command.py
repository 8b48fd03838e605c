"""``clinic prove`` as a person or a pipeline calls it."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from generator.parameters import files as parameters
from tests.checks.reach.sets import Resources, changed_flat, changed_nested
from tests.conftest import Ended
from tests.resolved import ENVIRONMENTS, PARAMS

Clinic = Callable[..., Ended]


def _open(resources: Resources) -> None:
    resources["BackendIngress"]["Properties"] |= {"FromPort": 22, "ToPort": 3000}


def _lines(ended: Ended) -> list[dict[str, Any]]:
    return [json.loads(line) for line in ended.out.splitlines()]


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_an_environment_is_proven_with_a_matrix_and_code_0(clinic: Clinic, env: str) -> None:
    ended = clinic("prove", env)
    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert lines[0] == f"{env}: who reaches whom"
    heading = lines[1].split()
    [row] = [line for line in lines if line.startswith("balancer ")][:1]
    assert row.split("  ")[0] == "balancer"
    assert "backend" in heading
    assert "tcp 3000" in row
    assert lines[-1].endswith(f"as expected (params/expectations/{env}.json)")


@pytest.mark.parametrize("make", [changed_flat, changed_nested])
def test_a_difference_is_told_with_its_rules_and_code_1(
    clinic: Clinic, tmp_path: Path, make: Callable[..., Path]
) -> None:
    ended = clinic("prove", "seed", "--templates", make(tmp_path, _open))
    assert (ended.code, ended.err) == (1, "")
    [said] = [line for line in ended.out.splitlines() if line.startswith("unexpected: ")][:1]
    assert said == (
        "unexpected: balancer -> backend: tcp 22-2999 by its group alone is not expected "
        "(by BackendIngress)."
    )
    assert re.search(r"^seed: \d+ ways, 1 difference \(", ended.out, re.MULTILINE)


def test_each_way_is_an_object_with_port_protocol_and_why(clinic: Clinic) -> None:
    ended = clinic("prove", "dev", "--json")
    *ways, total, _ = _lines(ended)
    assert {
        "kind": "reach",
        "from": "backend",
        "to": "database",
        "what": "tcp 5432",
        "protocol": "tcp",
        "port": "5432",
        "why": ["DatabaseEgress", "DatabaseIngress"],
        "expected": True,
    } in ways
    assert total == {
        "kind": "proof",
        "env": "dev",
        "expectations": "params/expectations/dev.json",
        "reaches": len(ways),
        "differences": 0,
    }


def test_each_difference_is_an_object_with_a_sentence(clinic: Clinic, tmp_path: Path) -> None:
    ended = clinic("prove", "seed", "--templates", changed_flat(tmp_path, _open), "--json")
    assert ended.code == 1
    [difference] = [line for line in _lines(ended) if line["kind"] == "difference"]
    assert difference["problem"] == "unexpected"
    assert (difference["from"], difference["to"]) == ("balancer", "backend")
    [way] = [line for line in _lines(ended) if line.get("expected") is False]
    assert way["what"] == difference["what"] == "tcp 22-2999 by its group alone"


def test_a_parameter_file_of_ones_own_has_the_documented_expectations(
    clinic: Clinic, tmp_path: Path
) -> None:
    (tmp_path / "mine.json").write_bytes((PARAMS / "seed.json").read_bytes())
    ended = clinic("prove", tmp_path / "mine.json")
    assert ended.code == 0
    assert "derived from the documented table for AlbExposure public" in ended.out


def test_expectations_beside_a_parameter_file_count(clinic: Clinic, tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_bytes((PARAMS / "seed.json").read_bytes())
    (tmp_path / "expectations").mkdir()
    (tmp_path / "expectations" / "mine.json").write_text('{"moon": {"balancer": ["tcp 1"]}}')
    ended = clinic("prove", tmp_path / "mine.json")
    assert ended.code == 1
    assert "missing: moon -> balancer: tcp 1 is expected and missing" in ended.out
    assert "unexpected: backend -> database: tcp 5432 is not expected" in ended.out


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "is not valid JSON"),
        ("[]", "must be"),
        ('{"a": {"b": "tcp 1"}}', "must be"),
        ('{"a": {"b": [1]}}', "must be"),
        ('{"a": []}', "must be"),
    ],
)
def test_expectations_that_cannot_be_read_are_a_sentence_and_code_2(
    clinic: Clinic, tmp_path: Path, text: str, sentence: str
) -> None:
    (tmp_path / "mine.json").write_bytes((PARAMS / "seed.json").read_bytes())
    (tmp_path / "expectations").mkdir()
    (tmp_path / "expectations" / "mine.json").write_text(text)
    ended = clinic("prove", tmp_path / "mine.json")
    assert (ended.code, ended.out) == (2, "")
    assert sentence in ended.err
    assert len(ended.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["moon"], "there is no environment"),
        (["seed", "--templates", "nowhere"], "cannot be read"),
        (["seed", "--templates", "setup.cfg"], "JSON nor YAML"),
    ],
)
def test_bad_input_is_a_sentence_and_code_2(
    clinic: Clinic, arguments: list[str], sentence: str
) -> None:
    ended = clinic("prove", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert sentence in ended.err
    assert "Traceback" not in ended.err


def test_what_is_accepted_is_expected_from_then_on(clinic: Clinic, tmp_path: Path) -> None:
    mine, templates = tmp_path / "mine.json", changed_flat(tmp_path, _open)
    mine.write_bytes((PARAMS / "seed.json").read_bytes())
    assert clinic("prove", mine, "--templates", templates).code == 1
    assert clinic("prove", mine, "--templates", templates, "--accept").code == 0
    assert clinic("prove", mine, "--templates", templates).code == 0
    assert clinic("prove", mine).code == 1
    assert [p.name for p in (tmp_path / "expectations").iterdir()] == ["mine.json"]


def test_accepting_changes_nothing_where_nothing_is_new(clinic: Clinic, tmp_path: Path) -> None:
    folder = tmp_path / "params"
    shutil.copytree(PARAMS, folder)
    for env in ENVIRONMENTS:
        assert clinic("prove", env, "--params", folder, "--accept").code == 0
        kept = Path("expectations") / f"{env}.json"
        assert (folder / kept).read_bytes() == (PARAMS / kept).read_bytes()


def test_expectations_that_cannot_be_written_are_a_sentence_and_code_2(
    clinic: Clinic, tmp_path: Path
) -> None:
    (tmp_path / "mine.json").write_bytes((PARAMS / "seed.json").read_bytes())
    (tmp_path / "expectations").write_text("in the way")
    ended = clinic("prove", tmp_path / "mine.json", "--accept")
    assert (ended.code, ended.out) == (2, "")
    assert "cannot be written" in ended.err


def test_expectations_are_no_environments() -> None:
    assert parameters.environments(PARAMS) == sorted(ENVIRONMENTS)


def test_what_is_missing_for_a_reason_that_is_not_known_says_so(
    clinic: Clinic, tmp_path: Path
) -> None:
    """An instance of others in a subnet that another template makes."""
    (tmp_path / "mine.json").write_text("[]")
    instance = {"ImageId": "ami-0123456789abcdef0", "SubnetId": "subnet-0123456789abcdef0"}
    made = {"Machine": {"Type": "AWS::EC2::Instance", "Properties": instance}}
    (tmp_path / "flat.json").write_text(json.dumps({"Resources": made}))
    ended = clinic("prove", tmp_path / "mine.json", "--templates", tmp_path / "flat.json")
    assert "is expected and missing ()" not in ended.out
    assert "internet: tcp 443 is expected and missing (it is not known what" in ended.out
