"""The preview shows what will change, whoever can tell it: the templates or the service."""

from __future__ import annotations

import json
from typing import Any

from botocore.stub import Stubber

from generator.checks.changes.compare import Change, Detail
from generator.cloud.artifacts import upload
from generator.cloud.aws import Aws, connect
from generator.cloud.change_set import ChangeSet, prepare
from generator.cloud.environment import Environment
from generator.cloud.preview import preview, table
from generator.cloud.stacks import Stack, find
from generator.model.walk import STACK

from . import small

BASE = "https://x/y"
LATER = "{{changeSet:KNOWN_AFTER_APPLY}}"
ID = "arn:aws:cloudformation:eu-west-1:111122223333:"
ROOT = f"{ID}stack/clinic-small/1"


def detail(name: str, after: str, recreation: str, evaluation: str = "Static") -> dict[str, Any]:
    target = {"Attribute": "Properties", "Name": name, "Path": f"/Properties/{name}"}
    target |= {"BeforeValue": "old", "AfterValue": after, "RequiresRecreation": recreation}
    return {"Target": target, "Evaluation": evaluation, "ChangeSource": "ParameterReference"}


def change(logical: str, kind: str, *details: dict[str, Any], **more: Any) -> dict[str, Any]:
    told = {"Action": "Modify", "LogicalResourceId": logical, "PhysicalResourceId": "there"}
    return {**told, "ResourceType": kind, "Details": list(details), **more}


def told_by_service(
    announced: dict[str, list[dict[str, Any]]], old: Environment, new: Environment
) -> dict[str, Change]:
    """The preview where the service gives child change sets, by the stack they are of."""
    keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": "eu-west-1"}
    aws = connect(variables={**keys, "AWS_ENDPOINT_URL": "http://127.0.0.1:9"})
    templates = {ROOT: old.documents[old.top]}
    templates |= {f"{ID}stack/{n}/1": document for n, document in old.children().items()}

    def answer(model: Any, params: dict[str, Any], **rest: Any) -> Any:
        asked = params["body"]
        if model.name == "ListStackResources":
            body = {
                "StackResourceSummaries": [
                    {
                        "LogicalResourceId": n,
                        "PhysicalResourceId": f"{ID}stack/{n}/1",
                        "ResourceType": STACK,
                        "ResourceStatus": "CREATE_COMPLETE",
                    }
                    for n in old.children()
                ]
            }
        elif model.name == "GetTemplate":
            body = {"TemplateBody": json.dumps(templates[asked["StackName"]])}
        elif model.name == "DescribeChangeSet":
            changes = announced[asked["ChangeSetName"]]
            body = {"Changes": [{"Type": "Resource", "ResourceChange": c} for c in changes]}
        else:
            raise AssertionError(model.name)
        return _Answer(), body

    aws.client("cloudformation").meta.events.register("before-call.cloudformation", answer)
    with Stubber(aws.client("sts")) as sts:
        sts.add_response("get_caller_identity", {"Account": "111122223333"})
        values = {**old.parameters(BASE)}
        stack = Stack(ROOT, "clinic-small", "CREATE_COMPLETE", "", {}, values)
        nested = [change(n, STACK, ChangeSetId=n) for n in announced]
        found = preview(aws, new, BASE, stack, ChangeSet("root", ROOT, tuple(nested))).changes
    return {c.path: c for c in found}


class _Answer:
    """botocore wants a status beside the body."""

    status_code = 200


def test_a_value_that_only_the_execution_tells_is_no_change_when_its_source_stays() -> None:
    env = small.nested()
    guess = detail("VpcId", LATER, "Always", "Dynamic")
    also = detail("VpcId", LATER, "Always")
    groups = [change("AlbSecurityGroup", "AWS::EC2::SecurityGroup", guess, also)]
    assert told_by_service({"SecurityStack": groups}, env, env) == {}


def test_what_the_service_only_suspects_is_not_shown() -> None:
    env = small.nested()
    dynamic = detail("GroupDescription", "new", "Always", "Dynamic")
    vague = detail("GroupDescription", "new", "Conditionally")
    del vague["Target"]["BeforeValue"], vague["Target"]["AfterValue"]
    groups = [change("AlbSecurityGroup", "AWS::EC2::SecurityGroup", dynamic, vague)]
    assert told_by_service({"SecurityStack": groups}, env, env) == {}


def test_other_metadata_is_no_change_of_a_resource() -> None:
    """Neither by the templates nor by the service, which names the attribute and no property."""
    old, new = small.nested(), small.nested()
    child = next(c for c in new.children().values() if "AlbSecurityGroup" in c["Resources"])
    child["Resources"]["AlbSecurityGroup"]["Metadata"] = {"guard": {"SuppressedRules": ["A"]}}
    target = {"Attribute": "Metadata", "RequiresRecreation": "Never", "Path": "/Metadata"}
    target |= {"BeforeValue": "{}", "AfterValue": '{"guard": 1}'}
    told = {"Target": target, "Evaluation": "Static", "ChangeSource": "DirectModification"}
    groups = [change("AlbSecurityGroup", "AWS::EC2::SecurityGroup", told, Scope=["Metadata"])]
    assert told_by_service({"SecurityStack": groups}, old, new) == {}


def test_what_does_not_exist_cannot_be_modified() -> None:
    env = small.nested()
    sure = detail("GroupDescription", "new", "Always")
    group = change("Other", "AWS::EC2::SecurityGroup", sure, PhysicalResourceId="")
    assert told_by_service({"SecurityStack": [group]}, env, env) == {}


def test_what_the_service_alone_can_know_is_shown() -> None:
    env = small.nested()
    image = detail("ImageId", "ami-2", "Never")
    launch = [change("Launch", "AWS::EC2::LaunchTemplate", image)]
    found = told_by_service({"NetworkStack": launch}, env, env)
    assert found["NetworkStack/Launch"].details == (Detail("ImageId", "old", "ami-2"),)


def test_the_service_is_believed_when_it_states_a_replacement() -> None:
    old, new = small.nested(), small.nested(EnvironmentName="other")
    sure = detail("Tags", "new", "Always")
    told = [change("Vpc", "AWS::EC2::VPC", sure), change("LogBucket", "AWS::S3::Bucket", sure)]
    found = told_by_service({"NetworkStack": told[:1], "StorageStack": told[1:]}, old, new)
    assert found["NetworkStack/Vpc"].replacement == "yes"
    assert found["StorageStack/LogBucket"].replacement == "yes"
    assert found["StorageStack/DocumentsBucket"].replacement == ""


def test_what_the_service_only_suspects_of_an_update_in_place_is_not_believed() -> None:
    env = small.nested()
    told = [
        change("Db", "AWS::RDS::DBInstance", detail("MultiAZ", "true", "Conditionally")),
        change("Other", "AWS::RDS::DBInstance", detail("Engine", "mysql", "Conditionally")),
    ]
    found = told_by_service({"NetworkStack": told}, env, env)
    assert found["NetworkStack/Db"].verb == "updated in place"
    assert found["NetworkStack/Other"].verb == "perhaps replaced"


def test_two_long_policies_are_shown_where_they_part() -> None:
    body = "x" * 100
    long = Detail("DashboardBody", f"{body}old", f"{body}new")
    [[*_, what, _, _]] = table([Change("X", "AWS::CloudWatch::Dashboard", "Modify", (long,))])
    assert what.endswith("xold -> ...xxxxxxxxxxxxnew")


def test_without_child_change_sets_the_templates_tell_it(aws: Aws) -> None:
    old, new = small.nested(), small.nested(LogRetentionDays="7")
    small.deploy(aws, old)
    stack, base = find(aws, old.stack), upload(aws, old).base
    made = prepare(aws, new, base, stack)
    assert made
    assert all("ChangeSetId" not in told for told in made.changes)
    [found] = preview(aws, new, base, stack, made).changes
    assert found.path == "StorageStack/LogBucket"
    assert found.details[0].name == "LifecycleConfiguration.Rules[0].ExpirationInDays"
    assert found.details[0].after == "7"


def test_the_flat_form_is_told_in_the_same_way(aws: Aws) -> None:
    old, new = small.flat(), small.flat(LogRetentionDays="7")
    small.deploy(aws, old)
    stack, base = find(aws, old.stack), upload(aws, old).base
    made = prepare(aws, new, base, stack)
    assert made
    assert [c.path for c in preview(aws, new, base, stack, made).changes] == ["LogBucket"]


def test_the_table_counts_what_is_added_and_names_what_holds_data() -> None:
    rows = table(
        [
            Change("EdgeStack/One", "AWS::SNS::Topic", "Add"),
            Change("EdgeStack/Two", "AWS::SNS::Topic", "Add"),
            Change("EdgeStack/Bucket", "AWS::S3::Bucket", "Add"),
        ]
    )
    assert rows == [
        ["Add", "Edge", "2 resources", "", "", ""],
        ["Add", "Edge", "Bucket", "AWS::S3::Bucket", "", "holds data"],
    ]


def test_the_table_says_before_and_after_and_what_is_lost() -> None:
    sure = Detail("DBName", "a", "b\x1b[2J", "yes")
    unsure = Detail("Version", "<Launch.Version>", "<Launch.Version, perhaps new>", "yes")
    rows = table(
        [
            Change("Db", "AWS::RDS::DBInstance", "Modify", (sure, unsure), "Snapshot"),
            Change("Topic", "AWS::SNS::Topic", "Modify", (unsure,)),
        ]
    )
    lost = "the database: leaves the stack, a snapshot is kept"
    assert rows[0] == ["Modify", "-", "Db", "DBName: a -> b\\x1b[2J", "yes", lost]
    assert rows[1] == ["", "", "", "Version: only if <Launch.Version> changes", "", ""]
    assert rows[2][3:] == ["Version: only if <Launch.Version> changes", "", ""]


def test_long_values_are_cut_in_the_table() -> None:
    long = Detail("A" * 100, "b" * 100, "c" * 100)
    [[*_, what, _, _]] = table([Change("X", "AWS::SNS::Topic", "Modify", (long,))])
    assert len(what) < 150
