from __future__ import annotations

import json

import pytest

from generator import architecture
from tests.resolved import IMAGE, actions, properties, resources, statements


def instance_statements(environment: str = "seed", **changes: str) -> dict[str, dict]:
    """Every statement about the instance's role, by its Sid, from every policy attached to it."""
    made = resources(environment, **changes)
    return {
        statement["Sid"]: statement
        for resource in made.values()
        if resource["Type"] == "AWS::IAM::ManagedPolicy"
        and {"Ref": "InstanceRole"} in resource["Properties"].get("Roles", [])
        for statement in statements(resource["Properties"]["PolicyDocument"])
    }


def test_the_documented_role_is_for_ec2_only():
    role = properties("InstanceRole")
    assert {"Key": "Name", "Value": "seed-Rol-EC2-Acceso-S3"} in role["Tags"]
    [trust] = statements(role["AssumeRolePolicyDocument"])
    assert trust["Principal"] == {"Service": "ec2.amazonaws.com"}
    assert "RoleName" not in role
    assert "ManagedPolicyArns" not in role
    assert "Policies" not in role


def test_the_role_may_do_exactly_what_a_boot_and_a_restart_need():
    allowed = {
        action for statement in instance_statements().values() for action in statement["Action"]
    }
    assert allowed == {
        "s3:GetObject",
        "secretsmanager:GetSecretValue",
        "ecr:GetAuthorizationToken",
        "ecr:BatchCheckLayerAvailability",
        "ecr:BatchGetImage",
        "ecr:GetDownloadUrlForLayer",
        "ssm:GetParameter",
        "ssm:UpdateInstanceInformation",
        "ssmmessages:CreateControlChannel",
        "ssmmessages:CreateDataChannel",
        "ssmmessages:OpenControlChannel",
        "ssmmessages:OpenDataChannel",
        "cloudformation:SignalResource",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        # Session Manager's agent, where shells are logged.
        "logs:DescribeLogGroups",
        "logs:DescribeLogStreams",
    }


def test_the_role_reads_one_object_one_secret_one_repository():
    stated = instance_statements()
    [env_file] = stated["ReadEnvFile"]["Resource"]
    assert env_file == {
        "Fn::Join": ["", ["arn:aws:s3:::", {"Ref": "ConfigurationBucket"}, "/.env"]]
    }
    assert stated["ReadDatabaseSecret"]["Resource"] == [{"Ref": "DatabaseSecret"}]
    assert stated["PullImage"]["Resource"] == [{"Fn::GetAtt": ["ImageRepository", "Arn"]}]


def test_the_role_writes_no_object():
    """Least of all the .env, which its own instance reads."""
    written = [s for s in instance_statements().values() if "s3:PutObject" in s["Action"]]
    assert written == []


def test_the_role_writes_one_log_and_signals_one_stack():
    stated = instance_statements()
    assert stated["WriteBackendLog"]["Resource"] == [
        {"Fn::GetAtt": ["BackendLogGroupResource", "Arn"]}
    ]
    [stack] = stated["SignalThisStack"]["Resource"]
    assert stack.startswith("arn:aws:cloudformation:us-east-1:123456789012:stack/")
    assert "*" not in stack


@pytest.mark.parametrize("environment", ["seed", "dev", "prod"])
def test_a_star_stands_only_where_aws_knows_no_narrower_resource(environment):
    starred = {
        sid
        for sid, statement in instance_statements(environment).items()
        if "*" in statement["Resource"]
    }
    assert starred <= {"LogInToRegistry", "SessionManagerChannels", "PublishCpu", "FindOwnGroup"}


def test_the_role_publishes_cpu_only_in_its_namespace_and_only_with_fast_metrics():
    assert "PublishCpu" not in instance_statements(MetricPeriod="60")
    publish = instance_statements(MetricPeriod="10")["PublishCpu"]
    assert publish["Condition"] == {"StringEquals": {"cloudwatch:namespace": "Clinic/Backend"}}


def test_the_customers_key_opens_only_through_s3_and_secrets_manager():
    decrypt = instance_statements("prod")["UseCustomerKey"]
    assert decrypt["Condition"] == {
        "StringEquals": {
            "kms:ViaService": [
                "s3.us-east-1.amazonaws.com",
                "secretsmanager.us-east-1.amazonaws.com",
            ]
        }
    }
    assert "UseCustomerKey" not in instance_statements("seed")


@pytest.mark.parametrize(
    ("policy", "services"),
    [
        ("DocumentsPolicy", ["s3"]),
        ("RotationPolicy", ["secretsmanager"]),
        ("CloseDefaultGroupPolicy", ["sns"]),
    ],
)
def test_who_needs_the_customers_key_may_use_it_through_no_other_services(policy, services):
    document = properties(policy, "prod")["PolicyDocument"]
    [decrypt] = [s for s in document["Statement"] if s.get("Sid") == "UseCustomerKey"]
    assert decrypt["Condition"]["StringEquals"]["kms:ViaService"] == [
        f"{service}.us-east-1.amazonaws.com" for service in services
    ]


def test_documents_are_for_whoever_the_operator_attaches_the_policy_to():
    policy = properties("DocumentsPolicy")
    assert "Roles" not in policy
    assert actions(policy["PolicyDocument"]) == {
        "s3:ListBucket",
        "s3:GetObject",
        "s3:PutObject",
        "s3:DeleteObject",
    }
    assert "ConfigurationBucket" not in json.dumps(policy)


def test_an_image_from_elsewhere_gives_the_role_nothing_more():
    assert instance_statements(BackendImage=IMAGE) == instance_statements()


@pytest.mark.parametrize("environment", ["seed", "prod"])
def test_the_function_that_releases_changes_this_stack_and_reads_no_secret(environment: str):
    made = resources(environment)["ReleasePolicy"]["Properties"]["PolicyDocument"]
    stated = {one.get("Sid", "log"): one for one in statements(made)}
    allowed = {action for one in stated.values() for action in one["Action"]}
    assert not {"secretsmanager", "kms", "iam", "lambda", "rds", "sts"} & {
        action.partition(":")[0] for action in allowed - {"iam:PassRole"}
    }
    wide = {sid for sid, one in stated.items() if one.get("Resource") == ["*"]}
    assert wide == {"Read", "ReadItsEnd"}
    own = f"{environment}-launch-template"
    for sid in ("Versions", "TryLaunch"):
        assert stated[sid]["Condition"] == {"StringEquals": {"aws:ResourceTag/Name": own}}
    assert stated["WithWhatItNames"]["NotResource"] == stated["TryLaunch"]["Resource"]
    for sid in ("Group", "SendToBackend"):
        [condition] = stated[sid]["Condition"]["StringLike"].items()
        assert condition[0].endswith("esourceTag/aws:cloudformation:stack-name")
        assert condition[1] == ["clinic", "clinic-BackendStack-*"]


@pytest.mark.parametrize("name", ["clinic-dev", "clinic-prod-2"])
def test_the_function_knows_its_stack_in_both_forms(name: str):
    function = architecture.templates()["nested/identity"].to_dict()["Resources"]["ReleaseFunction"]
    place, split = function["Properties"]["Environment"]["Variables"]["ROOT"]["Fn::Select"]
    separator, whole = split["Fn::Split"]
    assert whole == {"Ref": "AWS::StackName"}
    assert separator == "-IdentityStack-"
    for own in (name, f"{name}{separator}1A2B3C4D5E6F7"):
        assert own.split(separator)[place] == name
