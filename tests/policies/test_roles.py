"""The template of roles: the narrow policies, and who may take each role on."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from generator import output, policies
from generator.cloud.policies import for_place
from generator.commands.cli import clinic
from generator.model.resolve import resolve
from generator.policies.narrow import Place, narrowed
from generator.policies.roles import FROM_GITHUB, ISSUER, ROLES
from tests.conftest import ROOT

ACCOUNT = "123456789012"
GIVEN = {
    "EnvironmentName": "dev",
    "StackName": "clinic-dev",
    "TrustedPrincipal": "root",
    "BackendRepository": "clinic/backend",
    "FrontendRepository": "clinic/frontend",
    "GitHubProviderArn": "",
}
PLACE = Place("clinic-dev", "dev", "us-east-1", ACCOUNT)


@cache
def template() -> dict[str, Any]:
    made: dict[str, Any] = output.documents()["roles.json"]
    return made


def made(**changes: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = resolve(template(), GIVEN | changes)["Resources"]
    return found


def trust(role: str, **changes: str) -> list[dict[str, Any]]:
    document = made(**changes)[f"{role}Role"]["Properties"]["AssumeRolePolicyDocument"]
    found: list[dict[str, Any]] = document["Statement"]
    return found


def title(stem: str) -> str:
    return "".join(part.capitalize() for part in stem.split("-")) + "Policy"


@pytest.mark.parametrize("stem", ["boundary", *(s for stems in ROLES.values() for s in stems)])
def test_each_policy_is_the_one_that_the_command_writes(stem: str) -> None:
    there = made()[title(stem)]["Properties"]["PolicyDocument"]
    plain = json.loads(json.dumps(there).replace("${!aws:", "${aws:"))
    assert plain == narrowed(policies.documents()[stem], PLACE)


def test_every_policy_but_that_of_stack_sets_is_on_a_role_or_is_the_boundary() -> None:
    held = {stem for stems in ROLES.values() for stem in stems}
    assert set(policies.documents()) - held == {"boundary", "deployer-stack-sets"}
    for name, stems in ROLES.items():
        arns = made()[f"{name}Role"]["Properties"]["ManagedPolicyArns"]
        assert arns == [{"Ref": title(stem)} for stem in stems]
        assert len(arns) <= 10


def test_the_boundary_has_the_name_that_the_deployer_must_give_and_cannot_change() -> None:
    name = made()["BoundaryPolicy"]["Properties"]["ManagedPolicyName"]
    assert name == "boundary-clinic-dev-us-east-1"
    deployer = json.dumps(made()["DeployerIdentityPolicy"])
    assert f"policy/{name}" in deployer
    others = [r["Properties"] for n, r in made().items() if n != "BoundaryPolicy"]
    assert not any("ManagedPolicyName" in p or "RoleName" in p for p in others)


@pytest.mark.parametrize(("role", "parameter"), FROM_GITHUB.items())
def test_github_takes_a_role_on_from_one_repository_and_environment(
    role: str, parameter: str
) -> None:
    people, github = trust(role)
    assert people["Action"] == "sts:AssumeRole"
    assert github["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert github["Principal"] == {"Federated": {"Ref": "GitHubProvider"}}
    assert github["Condition"] == {
        "StringEquals": {
            f"{ISSUER}:aud": "sts.amazonaws.com",
            f"{ISSUER}:sub": f"repo:{GIVEN[parameter]}:environment:dev",
        }
    }
    assert len(trust(role, **{parameter: ""})) == 1


@pytest.mark.parametrize("role", sorted(set(ROLES) - set(FROM_GITHUB)))
def test_no_workflow_takes_another_role_on(role: str) -> None:
    assert [statement["Action"] for statement in trust(role)] == ["sts:AssumeRole"]


@pytest.mark.parametrize(
    ("given", "principal"),
    [
        ("root", f"arn:aws:iam::{ACCOUNT}:root"),
        (f"arn:aws:iam::{ACCOUNT}:role/people", f"arn:aws:iam::{ACCOUNT}:role/people"),
    ],
)
def test_people_are_those_of_one_principal(given: str, principal: str) -> None:
    for role in ROLES:
        assert trust(role, TrustedPrincipal=given)[0]["Principal"] == {"AWS": principal}


@pytest.mark.parametrize("wrong", ["*", "arn:aws:iam::*:root", "eve"])
def test_the_whole_world_is_no_principal(wrong: str) -> None:
    pattern = template()["Parameters"]["TrustedPrincipal"]["AllowedPattern"]
    assert re.fullmatch(pattern, wrong) is None
    assert re.fullmatch(pattern, "root")


@pytest.mark.parametrize("wrong", ["*", "clinic/*", "clinic", "a/b:environment:prod", "a/b c"])
def test_a_repository_is_one_repository(wrong: str) -> None:
    pattern = template()["Parameters"]["BackendRepository"]["AllowedPattern"]
    assert re.fullmatch(pattern, wrong) is None
    assert re.fullmatch(pattern, "clinic/backend")


def test_the_provider_is_made_once_and_kept() -> None:
    provider = made()["GitHubProvider"]
    assert provider["Properties"]["ClientIdList"] == ["sts.amazonaws.com"]
    assert template()["Resources"]["GitHubProvider"]["DeletionPolicy"] == "Retain"
    arn = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}"
    assert "GitHubProvider" not in made(GitHubProviderArn=arn)
    assert trust("Releaser", GitHubProviderArn=arn)[1]["Principal"] == {"Federated": arn}
    assert "GitHubProvider" not in made(BackendRepository="", FrontendRepository="")


def test_the_command_writes_what_iam_takes(tmp_path: Path) -> None:
    folder = tmp_path / "rights"
    options = ["--region", "us-east-1", "--account", ACCOUNT, "--output", str(folder)]
    run = CliRunner().invoke(clinic, ["policies", "dev", *options], catch_exceptions=False)
    assert run.exit_code == 0
    there = {path.name: json.loads(path.read_text()) for path in folder.iterdir()}
    assert there == for_place(PLACE)


@pytest.mark.parametrize(
    "wrong",
    [
        ["nowhere", "--region", "us-east-1"],
        ["dev", "--region", "moon"],
        ["dev", "--region", "us-east-1", "--account", "12"],
        ["dev", "--region", ""],
    ],
)
def test_bad_input_writes_nothing(tmp_path: Path, wrong: list[str]) -> None:
    folder = tmp_path / "rights"
    run = CliRunner().invoke(clinic, ["policies", *wrong, "--output", str(folder)])
    assert getattr(run.exception, "exit_code", run.exit_code) == 2
    assert not folder.exists()


WORKFLOWS = sorted((ROOT / "workflows").glob("*.yml"))


def test_there_is_a_workflow_for_each_role_that_github_takes_on() -> None:
    assert [path.stem for path in WORKFLOWS] == ["publish", "release"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_pins_its_actions_and_gets_no_right_that_it_does_not_use(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    workflow = yaml.safe_load(text)
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    for step in steps:
        if "uses" in step:
            assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", step["uses"])
    assert len(re.findall(r"@[0-9a-f]{40} # v\d+\.\d+\.\d+$", text, re.M)) == text.count("uses:")
    assert "write" not in {v for k, v in workflow["permissions"].items() if k != "id-token"}
    for job in workflow["jobs"].values():
        assert job["environment"] == "${{ inputs.environment }}"
        if any("npm" in step.get("run", "") for step in job["steps"]):
            assert "id-token" not in {**workflow["permissions"], **job.get("permissions", {})}
    # What a person types is data for the shell, never a part of the script.
    assert not any("${{" in step.get("run", "") for step in steps)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_the_command_of_a_workflow_exists_with_its_options(path: Path) -> None:
    [line] = re.findall(r"- run: clinic (.*)", path.read_text(encoding="utf-8"))
    name, *words = line.split()
    command = clinic.get_command(None, name)  # type: ignore[arg-type]
    assert command
    options = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= options
