"""What the policies say about names, services and tags is what the templates say."""

from __future__ import annotations

import json
import re
from typing import Any

from generator import bootstrap
from generator.policies import deployer as module
from generator.policies import scopes

from .decide import like


def test_roles_are_passed_exactly_to_the_services_that_the_templates_let_take_them(
    flat: dict[str, Any],
) -> None:
    trusted = {
        service
        for resource in flat.values()
        if resource["Type"] == "AWS::IAM::Role"
        for statement in resource["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        for service in [statement["Principal"]["Service"]]
    }
    assert trusted == set(module.PASSED_TO)


def test_exactly_the_policies_of_aws_that_the_templates_use_can_be_attached(
    flat: dict[str, Any],
) -> None:
    used = re.findall(r"iam::aws:policy/([\w/-]+)", json.dumps(flat))
    assert set(used) == set(module.AWS_MANAGED)


def test_exactly_the_secrets_of_the_templates_are_in_reach(flat: dict[str, Any]) -> None:
    made = {k for k, resource in flat.items() if resource["Type"] == "AWS::SecretsManager::Secret"}
    assert made == set(scopes.SECRETS)


def test_no_template_gives_a_name_that_the_scopes_do_not_know(flat: dict[str, Any]) -> None:
    named = {
        (resource["Type"], _words(value))
        for resource in flat.values()
        for key, value in resource.get("Properties", {}).items()
        if key in {"Name", "RuleName"} or key == resource["Type"].rpartition("::")[2] + "Name"
        if not isinstance(value, dict) or "Ref" not in value
    }
    assert named == {
        ("AWS::CloudFront::Function", "dev-spa-x"),
        ("AWS::CloudFront::Function", "dev-api-x"),
        ("AWS::Backup::BackupVault", "clinic-vault-x-x"),
        ("AWS::SSM::Parameter", f"/clinic/clinic-dev-BootLibrary-{bootstrap.library()[1]}"),
        # Their names begin with the topic's, and so with the stack's.
        *(
            ("AWS::CloudWatch::Alarm", f"x-{title}")
            for title in ("BackendCpu", "CpuCreditsLow", "CpuCreditsCharged")
        ),
    }
    for function in ("spa", "api"):
        arn = f"arn:aws:cloudfront::1:function/dev-{function}-x"
        assert any(like(scope, arn) for scope in scopes.SCOPES["cloudfront"])
    assert any(
        like(s, "arn:aws:backup:r:1:backup-vault:dev-vault-x") for s in scopes.SCOPES["backup"]
    )
    [parameters] = scopes.SCOPES["ssm"]
    assert like(parameters, "arn:aws:ssm:r:1:parameter/clinic/clinic-dev-BootLibrary-0a1b")


def _words(value: Any) -> str:
    """A Join of the environment's name, words and a part of the stack's id, as text."""
    if isinstance(value, str):
        return value
    if "Fn::Sub" in value:
        return str(value["Fn::Sub"].replace("${AWS::StackName}", "clinic-dev"))
    separator, parts = value["Fn::Join"]
    known = {json.dumps({"Ref": "EnvironmentName"}): "dev"}
    return str(separator).join(
        part if isinstance(part, str) else known.get(json.dumps(part), "x") for part in parts
    )


def test_what_must_carry_cloudformations_tag_can_carry_one(iam: dict[str, Any]) -> None:
    ec2 = iam["ec2"]
    (change,) = [
        statement
        for statement in module.documents()["deployer-network"]["Statement"]
        if statement["Sid"] == "Change"
    ]
    for action in change["Action"]:
        for kind in ec2["Actions"][action.partition(":")[2].lower()]["Resources"]:
            keys = ec2["Resources"][kind.lower()].get("ConditionKeys", [])
            assert "aws:ResourceTag/${TagKey}" in keys, f"{action} on {kind}"


def test_parameters_are_read_where_aws_publishes_machine_images_and_where_ours_are_only() -> None:
    """Whoever reads every parameter of an account reads other people's secrets: many lie there."""
    reads = [
        statement["Resource"]
        for document in module.documents().values()
        for statement in document["Statement"]
        if any(action.startswith("ssm:Get") for action in statement["Action"])
    ]
    assert reads
    for resource in reads:
        places = [resource] if isinstance(resource, str) else resource
        ours = ("parameter/aws/service/", "parameter/clinic/clinic-")
        assert all(any(begin in place for begin in ours) for place in places)


def test_functions_of_the_cdn_are_in_reach_by_our_name_only() -> None:
    functions = [place for place in scopes.SCOPES["cloudfront"] if ":function/" in place]
    assert functions
    assert not any(
        like(place, "arn:aws:cloudfront::123456789012:function/somebody-elses-rewrite")
        for place in functions
    )
