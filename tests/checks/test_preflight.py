"""Lint, reachability and limits in one go, for CI and for a person before a deployment."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from generator import suppressions
from tests.conftest import ROOT, Ended
from tests.resolved import ENVIRONMENTS

Clinic = Callable[..., Ended]

YAML = """\
Parameters:
  Size: {Type: String, Default: small}
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      DisplayNname: !Ref Size
"""


def told(ended: Ended) -> list[dict[str, Any]]:
    """Without the last one, done: see tests/objects.py."""
    return [json.loads(line) for line in ended.out.splitlines()][:-1]


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_every_environment_passes_and_it_fits_on_one_screen(clinic: Clinic, env: str) -> None:
    ended = clinic("check", env)
    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert lines[0] == f"check {env}: what the code builds"
    assert "lint    no findings" in ended.out
    assert f"no differences from params/expectations/{env}.json" in ended.out
    assert "none broken" in ended.out
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 120


def test_json_is_one_object_a_line_with_every_limit_and_its_head_room(clinic: Clinic) -> None:
    found = told(clinic("check", "prod", "--json"))
    whole = found.pop()
    assert whole["kind"] == "check"
    assert (whole["env"], whole["findings"]) == ("prod", 0)
    assert {entry["kind"] for entry in found} == {"limit"}
    limits = {entry["limit"]: entry for entry in found}
    assert len(limits) == len(found) >= 20
    rules = limits["rules of a security group"]
    assert (rules["value"], rules["most"], rules["head_room"], rules["kept"]) == (55, 60, 8, True)
    assert all(entry["value"] <= entry["most"] for entry in found)


@pytest.fixture(scope="session")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our set with a fault for each of the three."""
    folder = tmp_path_factory.mktemp("broken") / "output"
    shutil.copytree(ROOT / "output", folder)
    _edit(folder / "nested/network.json", '"EnableDnsSupport"', '"EnableDnsSuport"')
    _edit(
        folder / "nested/database.json", '"PubliclyAccessible": false', '"PubliclyAccessible": true'
    )
    child = folder / "nested/security.json"
    document = json.loads(child.read_text())
    rule = document["Resources"]["DatabaseIngress"]["Properties"]
    for number in range(60):
        more = {**rule, "Description": f"Again {number}"}
        document["Resources"][f"Again{number}"] = {
            "Type": "AWS::EC2::SecurityGroupIngress",
            "Properties": more,
        }
    child.write_text(json.dumps(document))
    return folder


def _edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_a_fault_of_each_kind_is_found_in_another_set(clinic: Clinic, broken: Path) -> None:
    ended = clinic("check", "dev", "--templates", broken, "--json")
    assert ended.code == 1
    found = told(ended)
    assert {entry["file"] for entry in found if entry["kind"] == "finding"} == {
        f"{broken}/nested/network.json",
        f"{broken}/nested/database.json",
    }
    assert any("EnableDnsSuport" in e["message"] for e in found if e["kind"] == "finding")
    assert any("database" in e["sentence"] for e in found if e["kind"] == "difference")
    over = [entry for entry in found if entry["kind"] == "limit" and not entry["kept"]]
    places = {entry["place"]: (entry["value"], entry["head_room"]) for entry in over}
    assert places == {
        "Resources/DatabaseSecurityGroup ingress IPv4": (61, -2),
        "Resources/DatabaseSecurityGroup ingress IPv6": (61, -2),
    }
    whole = found[-1]
    assert whole["findings"] == whole["lint"] + whole["prove"] + whole["limits"]
    assert min(whole["lint"], whole["prove"], whole["limits"]) > 0


def test_a_person_reads_what_was_found_below_the_table(clinic: Clinic, broken: Path) -> None:
    ended = clinic("check", "dev", "--templates", broken)
    assert ended.code == 1
    table, _, below = ended.out.partition("mappings ")
    assert "2 broken" in table
    assert "61       60       -2 %" in table
    assert "EnableDnsSuport" in below
    assert "DatabaseSecurityGroup ingress IPv4: 61 rules of a security group, 60 are" in below


def test_one_template_in_yaml_is_linted_where_it_is(clinic: Clinic, tmp_path: Path) -> None:
    (tmp_path / "topic.yaml").write_text(YAML)
    (tmp_path / "mine.json").write_text("[]")
    ended = clinic(
        "check", tmp_path / "mine.json", "--templates", tmp_path / "topic.yaml", "--json"
    )
    assert ended.code == 1
    places = [(e["tool"], e["file"], e["line"]) for e in told(ended) if e["kind"] == "finding"]
    assert ("cfn-lint", str(tmp_path / "topic.yaml"), 7) in places
    # Our suppressions need not be of use to a set that is not ours.
    assert "unused-suppression" not in ended.out


def test_what_is_wrong_in_another_environment_is_not_this_one_s(
    clinic: Clinic, tmp_path: Path
) -> None:
    shutil.copytree(ROOT / "params", tmp_path / "params")
    shutil.copy(ROOT / "params" / "dev.json", tmp_path / "params" / "bad.json")
    _edit(tmp_path / "params" / "bad.json", '"Zones"', '"Zoness"')
    assert clinic("check", "dev", "--params", tmp_path / "params").code == 0
    assert clinic("check", "bad", "--params", tmp_path / "params").code == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere"], 'no environment "nowhere"'),
        (["dev", "--templates", "/no/such/folder"], "cannot be read"),
        (["dev", "--templates", "tests"], "has no root.json"),
    ],
)
def test_bad_input_is_one_sentence(clinic: Clinic, arguments: list[str], says: str) -> None:
    ended = clinic("check", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert says in ended.err
    assert len(ended.err.splitlines()) == 1


@pytest.mark.parametrize("command", [["deploy", "dev", "--yes"], ["rehearse", "dev"]])
def test_a_finding_stops_a_deployment_before_anything_is_asked_of_aws(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "nobody",
        "AWS_SECRET_ACCESS_KEY": "nothing",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    }.items():
        monkeypatch.setenv(name, value)
    kept = [suppression for suppression in suppressions.SUPPRESSIONS if suppression.rule != "W2509"]
    monkeypatch.setattr(suppressions, "SUPPRESSIONS", tuple(kept))
    ended = clinic(*command)
    assert ended.code == 1
    assert ended.out == ""
    assert "nothing was changed, because of " in ended.err
    assert "`clinic check dev` shows all" in ended.err
    assert "W2509" in ended.err
