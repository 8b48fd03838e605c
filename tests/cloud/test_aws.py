"""Every refusal of AWS reaches a person as one sentence that says what to do."""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path
from typing import Any

import pytest
from botocore import exceptions
from botocore.awsrequest import AWSPreparedRequest
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from generator.cloud.aws import Aws, connect, explain, explained
from generator.cloud.text import plain
from generator.errors import ClinicError
from generator.local import Endpoint
from tests.application.smoke.stage import Reply, played


def refusal(code: str, message: str = "said", status: int = 400, call: str = "X") -> ClientError:
    metadata = {"HTTPStatusCode": status}
    answer = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": metadata}
    return ClientError(answer, call)


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (refusal("ExpiredToken"), 2, "the AWS credentials have expired: sign in again"),
        (refusal("RequestTimeTooSkewed"), 2, "set its clock"),
        (refusal("SignatureDoesNotMatch", "Signature expired: 1 < 2"), 2, "set its clock"),
        (refusal("SignatureDoesNotMatch", "other"), 2, "does not accept these credentials"),
        (refusal("InvalidClientTokenId"), 2, "the region is enabled"),
        (
            refusal("AccessDenied", "User: a is not authorized to perform: rds:CopyDBSnapshot on"),
            2,
            "may not rds:CopyDBSnapshot",
        ),
        (refusal("403", "Forbidden", call="HeadBucket"), 2, "may not s3:ListBucket"),
        (refusal("AccessDenied", "Access Denied", call="PutObject"), 2, "may not s3:PutObject"),
        (refusal("Throttling"), 3, "busy"),
        (refusal("Strange", status=503), 3, "busy"),
        (
            refusal("ValidationError", "no such thing", call="CreateStack"),
            3,
            "CreateStack: no such",
        ),
        (exceptions.NoCredentialsError(), 2, "aws sso login"),
        (exceptions.NoRegionError(), 2, "--region"),
        (exceptions.ProfileNotFound(profile="p"), 2, "list-profiles"),
        (exceptions.EndpointConnectionError(endpoint_url="https://x"), 3, "https://x"),
        (exceptions.ReadTimeoutError(endpoint_url="https://x"), 3, "cannot be reached"),
        (ResponseParserError("Unable to parse"), 3, "cannot be reached"),
        (exceptions.ParamValidationError(report="r"), 3, "could not be asked"),
    ],
)
def test_a_refusal_says_what_to_do(error: Exception, code: int, says: str) -> None:
    told = explain(error)
    assert says in str(told)
    assert told.exit_code == code
    assert "\n" not in str(told)


def test_an_error_in_a_command_becomes_a_sentence_and_a_defect_stays_one() -> None:
    @explained()
    def command(error: Exception) -> None:
        raise error

    with pytest.raises(ClinicError):
        command(refusal("Throttling"))
    with pytest.raises(ClinicError):
        command(ResponseParserError("not XML"))
    with pytest.raises(KeyError):
        command(KeyError("a defect"))


def test_without_a_region_nothing_is_guessed() -> None:
    with pytest.raises(ClinicError, match="--region"):
        connect()


def test_the_region_comes_from_the_option_before_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert connect().region == "eu-west-1"
    assert connect(region="eu-west-3").region == "eu-west-3"


def test_an_unknown_profile_is_named() -> None:
    with pytest.raises(ClinicError, match="nobody"):
        connect(profile="nobody", region="eu-west-1")


def test_without_credentials_the_first_call_says_so() -> None:
    with pytest.raises(ClinicError, match="no usable AWS credentials"), explained():
        assert connect(region="eu-west-1").account


BUCKET_CALLS: list[tuple[str, dict[str, Any]]] = [
    ("put_object", {"Key": "x", "Body": b"secret"}),
    ("get_object", {"Key": "x"}),
    ("head_object", {"Key": "x"}),
    ("head_bucket", {}),
    ("list_objects_v2", {}),
    ("list_object_versions", {}),
    ("delete_objects", {"Delete": {"Objects": [{"Key": "x"}]}}),
    ("get_bucket_versioning", {}),
]


def test_no_call_goes_to_a_bucket_of_another_account_however_open_it_is(
    aws: Aws, endpoint: Endpoint
) -> None:
    """Whoever takes a bucket's name after its deletion would get the .env."""
    stranger = connect(variables={**endpoint.environment, "AWS_ACCESS_KEY_ID": "999999999998"})
    name = f"taken-{aws.account}"
    theirs = stranger.client("s3")
    theirs.create_bucket(Bucket=name)
    everybody = {"Effect": "Allow", "Principal": "*", "Action": "s3:*"}
    statement = {**everybody, "Resource": [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"]}
    theirs.put_bucket_policy(Bucket=name, Policy=json.dumps({"Statement": [statement]}))
    for call, arguments in BUCKET_CALLS:
        with pytest.raises(ClientError) as refused:
            getattr(aws.client("s3"), call)(Bucket=name, **arguments)
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403, call
    assert "Contents" not in theirs.list_objects_v2(Bucket=name)


def test_buckets_of_ones_own_answer_and_may_be_made_and_listed(aws: Aws) -> None:
    s3, name = aws.client("s3"), f"own-{aws.account}"
    s3.create_bucket(Bucket=name)
    for call, arguments in BUCKET_CALLS:
        getattr(s3, call)(Bucket=name, **arguments)
    assert name in {found["Name"] for found in s3.list_buckets()["Buckets"]}


def test_a_strange_endpoint_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "not an address")
    with pytest.raises(ClinicError, match="AWS_ENDPOINT_URL"):
        connect(region="eu-west-1").client("sts")


def test_an_endpoint_that_nobody_serves_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    # One attempt is enough here, and adaptive retries would take half a minute.
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    given = {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_REGION": "eu-west-1",
    }
    with pytest.raises(ClinicError, match="cannot be reached") as told, explained():
        assert connect(variables=given).account
    assert told.value.exit_code == 3


@pytest.mark.parametrize(
    ("service", "call"), [("cloudformation", "describe_stacks"), ("ssm", "list_commands")]
)
def test_a_web_page_is_no_answer_of_aws(service: str, call: str) -> None:
    page = Reply(200, "text/html", b"\n<!DOCTYPE HTML><html>Sign in to this network</html>")
    with played(lambda _: page) as (port, _):
        given = {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "AWS_ACCESS_KEY_ID": "a",
            "AWS_SECRET_ACCESS_KEY": "b",
            "AWS_REGION": "eu-west-1",
        }
        ask = getattr(connect(variables=given).client(service), call)
        with pytest.raises(ClinicError, match="a web page answers") as told, explained():
            ask()
    assert told.value.exit_code == 3


def test_a_given_endpoint_looks_at_nothing_of_the_person(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "config").write_text("[default]\nendpoint_url = http://127.0.0.1:9\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    assert connect(variables=endpoint.environment).account == endpoint.account


def test_the_embedded_endpoint_can_be_given_by_variables(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in endpoint.environment.items():
        monkeypatch.setenv(name, value)
    assert connect().account == endpoint.account


@pytest.mark.parametrize(
    ("text", "harmless"),
    [
        ("a\x1b[2Jb", "a\\x1b[2Jb"),
        ("two\nlines\tand a tab", "two lines and a tab"),
        ("\u202eright to left", "\\u202eright to left"),
        ("\x9b1m", "\\x9b1m"),
        ("añoranza — 中文", "añoranza — 中文"),
    ],
)
def test_text_of_a_service_has_no_power_over_the_terminal(text: str, harmless: str) -> None:
    assert plain(text) == harmless


def test_importing_the_command_line_does_not_import_the_aws_client() -> None:
    code = "import sys, generator.commands.cli; sys.exit('boto3' in sys.modules)"
    assert os.spawnv(os.P_WAIT, sys.executable, [sys.executable, "-c", code]) == 0


def test_an_address_where_nobody_answers_is_given_up_soon() -> None:
    """Three knocks, not the eight that a disturbed service gets."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{taken.getsockname()[1]}"
        aws = connect(
            variables={
                "AWS_ENDPOINT_URL": nowhere,
                "AWS_ACCESS_KEY_ID": "a",
                "AWS_SECRET_ACCESS_KEY": "b",
                "AWS_REGION": "us-east-1",
            }
        )
        tried: list[str] = []
        sts = aws.client("sts")
        sts.meta.events.register("before-send", lambda request, **_: tried.append(request.url))
        with pytest.raises(ClinicError, match="cannot be reached") as told, explained():
            _ = aws.account
    assert told.value.exit_code == 3
    assert len(tried) == 3


def test_once_anything_has_answered_a_lost_connection_is_retried_longer(endpoint: Endpoint) -> None:
    aws = connect(variables=endpoint.environment)
    assert aws.account == endpoint.account
    tried: list[str] = []
    cloudformation = aws.client("cloudformation")

    def cut(request: AWSPreparedRequest, **_: object) -> None:
        tried.append(request.url)
        if len(tried) < 4:
            raise exceptions.EndpointConnectionError(endpoint_url=request.url)

    cloudformation.meta.events.register("before-send", cut)
    assert cloudformation.list_stacks()["StackSummaries"] == []
    assert len(tried) == 4
