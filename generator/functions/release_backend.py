"""What a release changes, for people who may call this function and do none of it themselves.

Whoever calls says an image or a revision, and a migration's command. Both end in the backend's
container: the user data around them, the group, the stack and the script of a migration are the
stack's own. No template can be given, no launch template named, no line of shell reaches an
instance.
"""

import base64
import hashlib
import json
import os
import re
import shlex

import boto3
from botocore.exceptions import ClientError

BEFORE = "clinic release; before it: version "
"""How a version says which one it is to replace."""
COMMENT = "clinic release "
SECONDS = 3600
"""The longest that a migration may take."""
DOCUMENT = "AWS-RunShellScript"
DONE = ("Success", "Pending", "InProgress", "Delayed", "Cancelling")
"""What is not to be sent again."""
PATTERNS = {
    "image": r"[a-z0-9][A-Za-z0-9./_:@-]{0,254}|:[A-Za-z0-9_][A-Za-z0-9._-]{0,127}|",
    "revision": r"[A-Za-z0-9][A-Za-z0-9._/-]{0,100}",
    "release": r"[A-Za-z0-9._-]{1,64}",
}
"""What may stand in the user data, as the parameters say."""
SCRIPT = "@migrate.sh@"
"""The template has bootstrap/migrate.sh in its place."""


def handler(event, context):
    """{"done": result}, or {"refused": AWS's error, "operation": its name}."""
    arguments = dict(event)
    try:
        return {"done": STEPS[arguments.pop("step")](**arguments)}
    except ClientError as error:
        return {"refused": error.response["Error"], "operation": error.operation_name}


def show_version(version):
    """A version of the stack's launch template; reading one is reading all of an account."""
    version_data = described(version)
    return {
        "number": str(version_data["VersionNumber"]),
        "user_data": decoded(version_data),
        "machine_image": version_data["LaunchTemplateData"].get("ImageId", ""),
        "before": version_data["VersionDescription"].removeprefix(BEFORE)
        if version_data["VersionDescription"].startswith(BEFORE)
        else "",
    }


def make_version(source, token, **target):
    """A version of the launch template that is ``source`` but for what instances run."""
    number(source), checked(target)
    text = rewritten(decoded(described(source)), target)
    made = boto3.client("ec2").create_launch_template_version(
        ClientToken=token,
        LaunchTemplateId=physical("LaunchTemplate"),
        SourceVersion=source,
        VersionDescription=f"{BEFORE}{source}",
        LaunchTemplateData={"UserData": base64.b64encode(text.encode()).decode()},
    )
    return str(made["LaunchTemplateVersion"]["VersionNumber"])


def drop_version(version):
    """Delete a version that a release has made."""
    if not described(number(version))["VersionDescription"].startswith(BEFORE):
        raise ValueError(f"Version {version} is the stack's own.")
    boto3.client("ec2").delete_launch_template_versions(
        LaunchTemplateId=physical("LaunchTemplate"), Versions=[version]
    )


def start_refresh(version, preferences):
    """Replace the group's instances by those of a version; the refresh's id."""
    number(version)
    launch = {"LaunchTemplateId": physical("LaunchTemplate"), "Version": version}
    return boto3.client("autoscaling").start_instance_refresh(
        AutoScalingGroupName=physical("BackendGroup"),
        Strategy="Rolling",
        DesiredConfiguration={"LaunchTemplate": launch},
        Preferences=preferences,
    )["InstanceRefreshId"]


def make_change_set(**target):
    """A change set that tells the stack what its instances run, its template unchanged."""
    cloudformation, changed = boto3.client("cloudformation"), parameters(**checked(target))
    [stack] = cloudformation.describe_stacks(StackName=os.environ["ROOT"])["Stacks"]
    names = [one["ParameterKey"] for one in stack["Parameters"]]
    # Tags that are not named stay as they are; naming them would take a right of its own.
    cloudformation.create_change_set(
        StackName=os.environ["ROOT"],
        ChangeSetName=change_set_name(**target),
        ChangeSetType="UPDATE",
        UsePreviousTemplate=True,
        Parameters=[
            {"ParameterKey": name, "ParameterValue": changed[name]}
            if name in changed
            else {"ParameterKey": name, "UsePreviousValue": True}
            for name in names
        ],
        Capabilities=["CAPABILITY_IAM"],
        IncludeNestedStacks="TemplateBaseUrl" in names,
    )


def execute_change_set(**target):
    """Execute the one that make_change_set makes, and no other."""
    boto3.client("cloudformation").execute_change_set(
        StackName=os.environ["ROOT"],
        ChangeSetName=change_set_name(**checked(target)),
        RetainExceptOnCreate=True,
    )


def migrate(image, command, version, instance):
    """Send the command to an instance of the stack, unless it was; how that stands."""
    if "{{" in command:
        raise ValueError("A command with {{ would be filled in by Systems Manager.")
    ssm = boto3.client("ssm")
    digest = hashlib.sha256(command.encode()).hexdigest()[:16]
    comment = f"{COMMENT}{physical('LaunchTemplate')} {number(version)} {digest}"
    line = ["bash", "-c", SCRIPT, "migrate", matching("image", image), command]
    sent = earlier(ssm, comment)
    if not sent or sent["Status"] not in DONE:
        sent = ssm.send_command(
            DocumentName=DOCUMENT,
            InstanceIds=[instance],
            Comment=comment,
            Parameters={"commands": [shlex.join(line)], "executionTimeout": [str(SECONDS)]},
        )["Command"]
    return {
        "id": sent["CommandId"],
        "instance": (sent.get("InstanceIds") or [instance])[0],
        "status": sent.get("Status", "Pending"),
    }


def migration(id, instance):
    """How a migration stands, and what it has said; of no other command."""
    invocation = boto3.client("ssm").get_command_invocation(CommandId=id, InstanceId=instance)
    if not invocation["Comment"].startswith(f"{COMMENT}{physical('LaunchTemplate')} "):
        raise ValueError(f"Command {id} is no migration of this stack.")
    shown = ("Status", "ResponseCode", "StandardOutputContent", "StandardErrorContent")
    return {name: invocation[name] for name in shown if name in invocation}


STEPS = {
    step.__name__: step
    for step in (
        *(show_version, make_version, drop_version, start_refresh),
        *(make_change_set, execute_change_set),
        *(migrate, migration),
    )
}


def physical(logical_id):
    """What a resource of the backend is in AWS: of this stack, or of the one nested in it."""
    cloudformation, stack = boto3.client("cloudformation"), os.environ["ROOT"]
    for name in ("BackendStack", logical_id):
        try:
            ids = {"StackName": stack, "LogicalResourceId": name}
            response = cloudformation.describe_stack_resource(**ids)
        except ClientError as error:
            # The flat form has no nested stacks.
            if name == logical_id or "does not exist" not in str(error):
                raise
        else:
            stack = response["StackResourceDetail"]["PhysicalResourceId"]
    return stack


def checked(target):
    """What instances should run: ``image``, ``revision`` and ``release`` as the parameters are."""
    if target.keys() != PATTERNS.keys():
        raise ValueError(f"Only {', '.join(PATTERNS)} can be said, and each has to be.")
    return {name: matching(name, value) for name, value in target.items()}


def matching(name, value):
    if not re.fullmatch(PATTERNS[name], value):
        raise ValueError(f"That is no {name}: {value!r}.")
    return value


def number(version):
    if not re.fullmatch("[0-9]+", version):
        raise ValueError(f"That is no number of a version: {version!r}.")
    return version


def described(version):
    """A version as EC2 describes it, by its number or $Latest."""
    [found] = boto3.client("ec2").describe_launch_template_versions(
        LaunchTemplateId=physical("LaunchTemplate"), Versions=[version]
    )["LaunchTemplateVersions"]
    return {"VersionDescription": "", **found}


def decoded(described):
    return base64.b64decode(described["LaunchTemplateData"].get("UserData", "")).decode()


def rewritten(text, target):
    """User data that says ``target`` and is otherwise the same: the first line of each kind."""
    for line, now in (
        ("# Release .*", f"# Release {target['release']}"),
        ("BACKEND_IMAGE='.*'", f"BACKEND_IMAGE='{target['image']}'"),
        ("BACKEND_REVISION='.*'", f"BACKEND_REVISION='{target['revision']}'"),
    ):
        text = re.sub(f"^{line}$", now.replace("\\", r"\\"), text, count=1, flags=re.MULTILINE)
    return text


def parameters(image: str, revision: str, release: str) -> dict[str, str]:
    """The stack's parameters; without a rolling update, since all instances run it already."""
    target = {"BackendImage": image, "BackendRevision": revision, "Release": release}
    return {**target, "RollingUpdate": "false"}


def change_set_name(**target: str) -> str:
    """Named after what it changes, so that a second run finds the first one's."""
    purpose = json.dumps(sorted(parameters(**target).items()))
    return f"clinic-{hashlib.sha256(purpose.encode()).hexdigest()[:32]}"


def earlier(ssm, comment):
    """A command that was sent with this comment: the newest."""
    pages = ssm.get_paginator("list_commands")
    for page in pages.paginate(Filters=[{"key": "DocumentName", "value": DOCUMENT}]):
        for command in page["Commands"]:
            if command.get("Comment") == comment:
                return command
    return None
