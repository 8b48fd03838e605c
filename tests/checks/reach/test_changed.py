"""A changed parameter explains what the documented system has with it, and nothing else."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from generator.checks.reach import Proof, changed, prove
from generator.model import view
from tests.checks.reach.mutants import MUTANTS, Mutant
from tests.checks.reach.sets import CDN_LIST, Change, changed_flat, said
from tests.conftest import Ended
from tests.resolved import ENVIRONMENTS, PARAMS
from tests.test_invariants import TEXTS, WORDS

PAIRS = ({"CertificateArn", "DomainName"}, {"AlbCertificateArn", "AlbDomainName"})
loaded = cache(view.load)


def partners(name: str, value: str) -> dict[str, str]:
    """What the templates' rules ask for together with a value."""
    if name == "AlbExposure" and value != "public":
        return CDN_LIST
    pairs = [pair for pair in PAIRS if name in pair and value]
    return {other: TEXTS[other][1] for pair in pairs for other in pair}


def others() -> Iterator[tuple[str, str]]:
    for name, values in (WORDS | TEXTS).items():
        yield from ((name, value) for value in values)


def proof(folder: Path, env: str, change: Change, **values: str) -> Proof:
    """What is proven of a changed set against the expectations that ``env`` was accepted with."""
    seen = view.load(env, PARAMS, changed_flat(folder, change))
    return prove(seen.changed(**values), PARAMS)


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_no_value_of_any_parameter_is_a_difference(env: str) -> None:
    seen = loaded(env, PARAMS)
    wrong = {}
    for name, value in others():
        differences = prove(seen.changed(**{**partners(name, value), name: value}), PARAMS)
        if differences.differences:
            wrong[name, value] = said(differences)
    assert wrong == {}


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_expectations_are_recorded_with_the_parameters_that_ship(env: str) -> None:
    """Else a way that the documented table knows could come unseen."""
    assert (
        changed.recorded(loaded(env, PARAMS))
        == json.loads((PARAMS / "expectations" / f"{env}.json").read_text())["parameters"]
    )


@pytest.mark.parametrize("mutant", MUTANTS[::12], ids=lambda mutant: mutant.name)
def test_a_breakage_is_found_under_another_parameter_too(mutant: Mutant, tmp_path: Path) -> None:
    other = {"MetricPeriod": "60" if mutant.env == "prod" else "10"}
    found = proof(tmp_path, mutant.env, mutant.change, **{**mutant.given, **other})
    assert any(d.sentence.startswith(mutant.said) for d in found.differences), said(found)


def put(logical: str, key: str, value: Any) -> Change:
    def change(resources: dict[str, Any]) -> None:
        resources[logical]["Properties"][key] = value

    return change


def route(condition: str) -> Change:
    def change(resources: dict[str, Any]) -> None:
        resources["Way"] = {
            "Type": "AWS::EC2::Route",
            "Condition": condition,
            "Properties": {
                "RouteTableId": {"Ref": "DataRouteTable"},
                "DestinationCidrBlock": "0.0.0.0/0",
                "NatGatewayId": {"Ref": "NatGatewayA"},
            },
        }

    return change


ADMIN = ["arn:aws:iam::aws:policy/AdministratorAccess"]


def ungranted(resources: dict[str, Any]) -> None:
    """The key is there, and no policy of the instances' lets them use it."""
    for resource in resources.values():
        if not resource["Type"].startswith("AWS::IAM::"):
            continue
        for document in documents(resource["Properties"]):
            document["Statement"] = [
                one for one in document["Statement"] if "kms:Decrypt" not in json.dumps(one)
            ]


def documents(properties: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if "PolicyDocument" in properties:
        yield properties["PolicyDocument"]
    yield from (policy["PolicyDocument"] for policy in properties.get("Policies", []))


@pytest.mark.parametrize(
    ("env", "values", "change", "sentence"),
    [
        (
            *("seed", {"FlowLogs": "true"}, put("FlowLogRole", "ManagedPolicyArns", ADMIN)),
            "FlowLogRole -> AWS: policy AdministratorAccess is not expected",
        ),
        (
            *("dev", {"NatGateways": "one"}, route("HasNat")),
            "subnets of database -> internet: route by a NAT gateway is not expected",
        ),
        (
            *("seed", {"CustomerKey": "true"}, ungranted),
            "backend -> key: kms:Decrypt if kms:ViaService is s3.REGION.amazonaws.com, "
            "secretsmanager.REGION.amazonaws.com is expected and missing",
        ),
    ],
)
def test_a_fault_that_only_the_changed_parameter_brings_is_found(
    env: str, values: dict[str, str], change: Change, sentence: str, tmp_path: Path
) -> None:
    assert not proof(tmp_path, env, change).differences
    found = proof(tmp_path, env, change, **values)
    assert any(d.sentence.startswith(sentence) for d in found.differences), said(found)


def test_what_was_a_difference_before_is_not_explained(tmp_path: Path) -> None:
    """FlowLogs is on without being asked for: no other parameter is why."""

    def always(resources: dict[str, Any]) -> None:
        for name in ("FlowLogRole", "FlowLogGroup", "FlowLog"):
            resources[name].pop("Condition")

    before = said(proof(tmp_path, "seed", always)).splitlines()
    after = said(proof(tmp_path, "seed", always, MultiAz="true")).splitlines()
    assert any("FlowLogRole" in line for line in before)
    assert [line for line in before if "FlowLogRole" in line] == [
        line for line in after if "FlowLogRole" in line
    ]


def test_what_is_accepted_beyond_the_documented_table_stays_expected(tmp_path: Path) -> None:
    """An operator's own way is not taken for a fault because another parameter changes."""
    folder = tmp_path / "params"
    (folder / "expectations").mkdir(parents=True)
    (folder / "seed.json").write_bytes((PARAMS / "seed.json").read_bytes())
    accepted = json.loads((PARAMS / "expectations" / "seed.json").read_text())
    accepted["FlowLogRole"] = {"AWS": ["policy AdministratorAccess"]}
    (folder / "expectations" / "seed.json").write_text(json.dumps(accepted))
    change = put("FlowLogRole", "ManagedPolicyArns", ADMIN)
    seen = view.load("seed", folder, changed_flat(tmp_path, change))
    assert not prove(seen.changed(FlowLogs="true"), folder).differences


def test_expectations_without_their_parameters_are_held_as_they_are(tmp_path: Path) -> None:
    folder = tmp_path / "params"
    (folder / "expectations").mkdir(parents=True)
    (folder / "seed.json").write_bytes((PARAMS / "seed.json").read_bytes())
    accepted = json.loads((PARAMS / "expectations" / "seed.json").read_text())
    del accepted["parameters"]
    (folder / "expectations" / "seed.json").write_text(json.dumps(accepted))
    seen = view.load("seed", folder)
    assert not prove(seen, folder).differences
    assert prove(seen.changed(FlowLogs="true"), folder).differences


def test_hidden_parameters_are_not_written_into_expectations() -> None:
    seen = loaded("seed", PARAMS)
    whole = copy.deepcopy(dict(seen.whole))
    whole["Parameters"]["Secret"] = {"Type": "String", "NoEcho": True}
    hidden = view.View(
        *("seed", seen.region, {**seen.values, "Secret": "hush"}, seen.templates, whole),
        *(seen.resources, seen.outputs, seen.layers),
    )
    assert "Secret" not in changed.recorded(hidden)
    assert changed.before(hidden, changed.recorded(seen)) is None


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Parameters whose expectations lack everything."""
    folder = tmp_path / "own params"
    (folder / "expectations").mkdir(parents=True)
    (folder / "dev.json").write_bytes((PARAMS / "dev.json").read_bytes())
    (folder / "expectations" / "dev.json").write_text("{}")
    return folder


def test_check_shows_all_findings_and_how_they_are_accepted(
    clinic: Callable[..., Ended], folder: Path
) -> None:
    ended = clinic("check", "dev", "--params", folder)
    shown = [line for line in ended.out.splitlines() if "is not expected" in line]
    assert len(shown) == len(prove(view.load("dev", folder), folder).differences) > 12
    command = f"clinic prove dev --params '{folder}' --accept"
    assert command in ended.out
    assert command in clinic("prove", "dev", "--params", folder).out


def test_a_deployment_that_is_stopped_says_where_all_is_and_how_it_is_accepted(
    clinic: Callable[..., Ended], folder: Path
) -> None:
    ended = clinic("rehearse", "dev", "--params", folder)
    assert ended.code == 1
    assert f"`clinic check dev --params '{folder}'` shows all" in ended.err
    assert f"`clinic prove dev --params '{folder}' --accept`" in ended.err


def test_nothing_is_to_be_accepted_where_only_something_is_unknown(
    clinic: Callable[..., Ended], tmp_path: Path
) -> None:
    (tmp_path / "mine.json").write_text("[]")
    service = {"Type": "AWS::ECS::Cluster", "Properties": {}}
    (tmp_path / "flat.json").write_text(json.dumps({"Resources": {"Cluster": service}}))
    ended = clinic("prove", tmp_path / "mine.json", "--templates", tmp_path / "flat.json")
    assert ended.code == 1
    assert "--accept" not in ended.out


def test_what_the_changed_parameter_takes_away_is_not_expected_any_more(tmp_path: Path) -> None:
    """The expectations, accepted for a public balancer, let everybody in."""

    def forgotten(resources: dict[str, Any]) -> None:
        resources["AlbFromInternetHttp"] = {
            "Type": "AWS::EC2::SecurityGroupIngress",
            "Properties": {
                "GroupId": {"Fn::GetAtt": ["AlbSecurityGroup", "GroupId"]},
                "IpProtocol": "tcp",
                "FromPort": 80,
                "ToPort": 80,
                "CidrIp": "0.0.0.0/0",
            },
        }

    found = proof(tmp_path, "seed", forgotten, AlbExposure="cloudfront", **CDN_LIST)
    assert "internet -> balancer: tcp 80 is not expected" in said(found)
