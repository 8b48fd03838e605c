"""The function that releases takes an image or a revision, and nothing that reaches an instance."""

from __future__ import annotations

import base64
import json
import re
import shlex
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber
from hypothesis import given
from hypothesis import strategies as st

from generator import architecture, bootstrap
from generator.functions import release_backend as function
from generator.layers.backend.user_data import BACKEND_IMAGE, BACKEND_REVISION, RELEASE

HEAD = "#!/bin/bash\n# Release 1\nREGION='x'\nBACKEND_IMAGE='a:1'\nBACKEND_REVISION='main'\n"
TEXT = f"{HEAD}echo \"BACKEND_IMAGE='x'\"\n"
WISH = {"image": "a:2", "revision": "main", "release": "1"}
SCRIPT = ("bash", "-c", function.SCRIPT, "migrate", "a:2")
TEMPLATE, GROUP = "lt-0123456789abcdef0", "clinic-dev-BackendGroup-1a2b"
anything = st.text() | st.from_regex(r"[a-z:]['\";$`\\\n #a-z]*", fullmatch=True)


@pytest.fixture
def aws(monkeypatch):
    """Stubbed clients that the function gets instead of connected ones."""
    keys: dict[str, Any] = {"aws_access_key_id": "1" * 12, "aws_secret_access_key": "test"}
    names = ("ec2", "cloudformation", "autoscaling", "ssm")
    make: Callable[..., Any] = boto3.client
    clients = {name: make(name, region_name="us-east-1", **keys) for name in names}
    monkeypatch.setattr(function.boto3, "client", clients.__getitem__)
    monkeypatch.setenv("ROOT", "clinic-dev")
    stubs = {name: Stubber(client) for name, client in clients.items()}
    for stub in stubs.values():
        stub.activate()
    yield stubs
    for stub in stubs.values():
        stub.assert_no_pending_responses()


def resource(aws, logical_id: str, physical: str, stack: str = "clinic-dev") -> None:
    detail = {"LogicalResourceId": logical_id, "PhysicalResourceId": physical, "ResourceType": "x"}
    detail |= {"ResourceStatus": "CREATE_COMPLETE", "LastUpdatedTimestamp": "2026-01-01"}
    asked = {"StackName": stack, "LogicalResourceId": logical_id}
    aws["cloudformation"].add_response(
        "describe_stack_resource", {"StackResourceDetail": detail}, asked
    )


def backend(aws, logical_id: str, physical: str) -> None:
    resource(aws, "BackendStack", "arn:of:backend")
    resource(aws, logical_id, physical, "arn:of:backend")


def version(aws, number: str = "3", description: str = "") -> None:
    backend(aws, "LaunchTemplate", TEMPLATE)
    data = {"UserData": base64.b64encode(TEXT.encode()).decode()}
    told = {"VersionNumber": 3, "VersionDescription": description, "LaunchTemplateData": data}
    aws["ec2"].add_response(
        "describe_launch_template_versions",
        {"LaunchTemplateVersions": [told]},
        {"LaunchTemplateId": TEMPLATE, "Versions": [number]},
    )


def ask(step: str, **given):
    return function.handler({"step": step, **given}, None)


def test_a_version_is_made_of_the_stacks_own_and_differs_in_what_it_runs(aws):
    version(aws)
    backend(aws, "LaunchTemplate", TEMPLATE)
    text = TEXT.replace("'a:1'", "'a:2'").encode()
    aws["ec2"].add_response(
        "create_launch_template_version",
        {"LaunchTemplateVersion": {"VersionNumber": 4}},
        {
            "ClientToken": "t",
            "LaunchTemplateId": TEMPLATE,
            "SourceVersion": "3",
            "VersionDescription": "clinic release; before it: version 3",
            "LaunchTemplateData": {"UserData": base64.b64encode(text).decode()},
        },
    )
    assert ask("make_version", source="3", token="t", **WISH) == {"done": "4"}


def test_a_version_of_the_stack_is_not_dropped(aws):
    version(aws)
    with pytest.raises(ValueError, match="the stack's own"):
        ask("drop_version", version="3")


def test_a_refresh_is_of_the_stacks_group_and_launch_template(aws):
    backend(aws, "LaunchTemplate", TEMPLATE)
    backend(aws, "BackendGroup", GROUP)
    aws["autoscaling"].add_response(
        "start_instance_refresh",
        {"InstanceRefreshId": "r"},
        {
            "AutoScalingGroupName": GROUP,
            "Strategy": "Rolling",
            "DesiredConfiguration": {
                "LaunchTemplate": {"LaunchTemplateId": TEMPLATE, "Version": "4"}
            },
            "Preferences": {"MinHealthyPercentage": 100},
        },
    )
    started = ask("start_refresh", version="4", preferences={"MinHealthyPercentage": 100})
    assert started == {"done": "r"}


def test_the_stacks_template_stays_and_so_do_all_other_parameters(aws):
    names = ("TemplateBaseUrl", "MachineImage", "BackendImage", "Release", "RollingUpdate")
    stack = {"StackName": "clinic-dev", "CreationTime": "2026-01-01", "StackStatus": "x"}
    parameters = [{"ParameterKey": name, "ParameterValue": "old"} for name in names]
    aws["cloudformation"].add_response(
        "describe_stacks", {"Stacks": [{**stack, "Parameters": parameters}]}
    )
    new = {"BackendImage": "a:2", "Release": "1", "RollingUpdate": "false"}
    aws["cloudformation"].add_response(
        "create_change_set",
        {},
        {
            "StackName": "clinic-dev",
            "ChangeSetName": function.change_set_name(**WISH),
            "ChangeSetType": "UPDATE",
            "UsePreviousTemplate": True,
            "Parameters": [
                {"ParameterKey": name, "ParameterValue": new[name]}
                if name in new
                else {"ParameterKey": name, "UsePreviousValue": True}
                for name in names
            ],
            "Capabilities": ["CAPABILITY_IAM"],
            "IncludeNestedStacks": True,
        },
    )
    assert ask("make_change_set", **WISH) == {"done": None}


def test_only_the_change_set_of_that_release_is_executed(aws):
    aws["cloudformation"].add_response(
        "execute_change_set",
        {},
        {
            "StackName": "clinic-dev",
            "ChangeSetName": function.change_set_name(**WISH),
            "RetainExceptOnCreate": True,
        },
    )
    assert ask("execute_change_set", **WISH) == {"done": None}


@pytest.mark.parametrize("step", ["make_version", "make_change_set", "execute_change_set"])
@pytest.mark.parametrize("more", ["TemplateBody", "TemplateURL", "user_data", "ChangeSetName"])
def test_nothing_else_can_be_given(aws, step: str, more: str):
    given_ = {"source": "3", "token": "t"} if step == "make_version" else {}
    with pytest.raises(ValueError, match="Only image, revision, release"):
        ask(step, **given_, **WISH, **{more: "x"})


@pytest.mark.parametrize("version_", ["$Latest", "3 ", "3\n", "", "lt-1", "-1"])
def test_what_is_no_number_of_a_version_is_refused(aws, version_: str):
    for step, more in (
        ("make_version", {"source": version_, "token": "t", **WISH}),
        ("drop_version", {"version": version_}),
        ("start_refresh", {"version": version_, "preferences": {}}),
    ):
        with pytest.raises(ValueError, match="no number of a version"):
            ask(step, **more)


@given(image=anything, revision=anything, release=anything)
def test_whatever_is_asked_for_the_shell_reads_three_settings_and_no_more(
    image: str, revision: str, release: str
):
    wish = {"image": image, "revision": revision, "release": release}
    try:
        text = function.rewritten(TEXT, function.checked(wish))
    except ValueError:
        return
    lines, before = text.split("\n"), TEXT.split("\n")
    assert len(lines) == len(before)
    assert [a for a, b in zip(lines, before, strict=True) if a != b] == [
        line for line in (lines[1], lines[3], lines[4]) if line not in before
    ]
    assert shlex.split(lines[3]) == [f"BACKEND_IMAGE={image}"]
    assert shlex.split(lines[4]) == [f"BACKEND_REVISION={revision}"]


@pytest.mark.parametrize(
    ("name", "parameter"),
    [("image", BACKEND_IMAGE), ("revision", BACKEND_REVISION), ("release", RELEASE)],
)
def test_it_takes_what_the_parameters_take(name: str, parameter):
    def plain(pattern: str) -> set[str]:
        return {part.removeprefix("^").removesuffix("$") for part in pattern.split("|")}

    assert plain(function.PATTERNS[name]) == plain(parameter.AllowedPattern)


@pytest.mark.parametrize(
    "command", ["npm run x && echo 'done'", "'; reboot; '", "$(reboot)", "a\nb", '"\\', "-c x"]
)
def test_a_migrations_command_reaches_the_containers_shell_and_no_other(aws, command: str):
    backend(aws, "LaunchTemplate", TEMPLATE)
    aws["ssm"].add_response("list_commands", {"Commands": []})
    aws["ssm"].add_response(
        "send_command",
        {"Command": {"CommandId": "c" * 36}},
        {
            "DocumentName": "AWS-RunShellScript",
            "InstanceIds": ["i-0123456789abcdef0"],
            "Comment": ANY,
            "Parameters": {
                "commands": [
                    shlex.join(["bash", "-c", function.SCRIPT, "migrate", "a:2", command])
                ],
                "executionTimeout": ["3600"],
            },
        },
    )
    given_ = {"image": "a:2", "command": command, "version": "4"}
    assert "done" in ask("migrate", instance="i-0123456789abcdef0", **given_)


def test_a_command_that_systems_manager_would_fill_in_is_refused(aws):
    given_ = {"image": "a:2", "command": "echo {{ssm:password}}", "version": "4"}
    with pytest.raises(ValueError, match="filled in"):
        ask("migrate", instance="i-0123456789abcdef0", **given_)


def test_the_output_of_no_other_command_is_shown(aws):
    told = {"Comment": "clinic stress", "Status": "Success", "StandardOutputContent": "secret"}
    aws["ssm"].add_response("get_command_invocation", told)
    backend(aws, "LaunchTemplate", TEMPLATE)
    with pytest.raises(ValueError, match="no migration of this stack"):
        ask("migration", id="c" * 36, instance="i-0123456789abcdef0")


def test_what_aws_refuses_is_handed_on(aws):
    aws["cloudformation"].add_client_error("execute_change_set", "InvalidChangeSetStatus", "old")
    told = ask("execute_change_set", **WISH)
    assert told["operation"] == "ExecuteChangeSet"
    assert told["refused"]["Code"] == "InvalidChangeSetStatus"


def test_the_template_carries_it_with_the_script_of_a_migration():
    made = architecture.templates()["flat"].to_dict()["Resources"]["ReleaseFunction"]["Properties"]
    names: dict = {}
    exec(compile(made["Code"]["ZipFile"], "index", "exec"), names)
    assert names["SCRIPT"] == bootstrap.part("migrate.sh")
    assert "--cap-drop ALL" in names["SCRIPT"]
    assert "no-new-privileges" in names["SCRIPT"]
    assert set(names["STEPS"]) == set(function.STEPS)
    assert not re.search(r"(?i)password|secret", json.dumps(made["Environment"]))
