"""Nobody but the process that started the endpoint makes anything in it, or sees what is there."""

from __future__ import annotations

import http.client
import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from generator.cloud.aws import connect, explained
from generator.errors import ClinicError
from generator.local import Endpoint, embedded_endpoint
from tests.local.conftest import Stacks

FORM = "application/x-www-form-urlencoded"
BODY = urlencode({"Action": "CreateUser", "UserName": "intruder", "Version": "2010-05-08"})


def send(endpoint: Endpoint, headers: dict[str, str], body: str = BODY, path: str = "/") -> Any:
    """The answer to a POST that no SDK made; its body has been read."""
    there = urlsplit(endpoint.url)
    connection = http.client.HTTPConnection(there.hostname or "", there.port, timeout=20)
    connection.request("POST", path, body, headers)
    answer = connection.getresponse()
    answer.body = answer.read().decode()  # type: ignore[attr-defined]
    return answer


def signed(
    endpoint: Endpoint, account: str, secret: str = "", host: str = "", body: str = BODY
) -> dict[str, str]:
    """The headers of a request to IAM as an SDK signs it."""
    keys = Credentials(account, secret or endpoint.environment["AWS_SECRET_ACCESS_KEY"])
    url = f"http://{host or urlsplit(endpoint.url).netloc}/"
    request = AWSRequest("POST", url, headers={"Content-Type": FORM}, data=body)
    SigV4Auth(keys, "iam", "us-east-1").add_auth(request)
    return {**dict(request.headers.items()), "Host": urlsplit(url).netloc}


@pytest.fixture
def users(aws: Callable[..., Any]) -> Callable[[], list[str]]:
    """The users that the account has by now."""
    return lambda: [user["UserName"] for user in aws("iam").list_users()["Users"]]


@pytest.mark.parametrize("kind", [FORM, "text/plain", "application/x-amz-json-1.1"])
def test_an_unsigned_call_is_refused_and_makes_nothing(
    endpoint: Endpoint, users: Callable[[], list[str]], kind: str
) -> None:
    answer = send(endpoint, {"Content-Type": kind})
    assert (answer.status, "intruder" in users()) == (403, False)


def test_the_same_call_signed_with_the_secret_is_taken(
    endpoint: Endpoint, account: str, users: Callable[[], list[str]]
) -> None:
    answer = send(endpoint, signed(endpoint, account))
    assert (answer.status, users()) == (200, ["intruder"])


@pytest.mark.parametrize("secret", ["embedded", "test", "any"])
def test_a_call_signed_with_another_secret_is_refused_and_makes_nothing(
    endpoint: Endpoint, account: str, users: Callable[[], list[str]], secret: str
) -> None:
    answer = send(endpoint, signed(endpoint, account, secret))
    assert (answer.status, users()) == (403, [])
    assert "SignatureDoesNotMatch" in answer.body


def test_a_signature_holds_for_its_own_request_only(
    endpoint: Endpoint, account: str, users: Callable[[], list[str]]
) -> None:
    headers = signed(endpoint, account)
    assert send(endpoint, headers, BODY.replace("intruder", "another")).status == 403
    assert send(endpoint, headers, path="/?Action=CreateUser").status == 403
    assert users() == []


def test_a_call_that_was_written_down_is_not_taken_again_later(
    endpoint: Endpoint,
    account: str,
    users: Callable[[], list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    past = datetime.now(UTC) - timedelta(minutes=20)
    with monkeypatch.context() as patch:
        patch.setattr("botocore.auth.get_current_datetime", lambda: past)
        headers = signed(endpoint, account)
    assert send(endpoint, headers).status == 403
    assert users() == []


@pytest.mark.parametrize(
    "header", [{"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_a_web_page_is_refused_whatever_it_knows(
    endpoint: Endpoint, account: str, users: Callable[[], list[str]], header: dict[str, str]
) -> None:
    """Signed here, so that nothing but the header decides; a page sends text/plain unasked."""
    assert send(endpoint, {"Content-Type": "text/plain", **header}).status == 403
    assert send(endpoint, {**signed(endpoint, account), **header}).status == 403
    assert users() == []


def test_a_page_is_not_let_in_by_a_question_beforehand(endpoint: Endpoint) -> None:
    there = urlsplit(endpoint.url)
    connection = http.client.HTTPConnection(there.hostname or "", there.port, timeout=20)
    wanted = {"Access-Control-Request-Method": "POST", "Origin": "http://evil.example"}
    connection.request("OPTIONS", "/", headers=wanted)
    answer = connection.getresponse()
    assert answer.status == 403
    assert answer.getheader("Access-Control-Allow-Origin") is None


def test_a_name_that_was_made_to_lead_to_loopback_is_refused(
    endpoint: Endpoint, account: str, users: Callable[[], list[str]]
) -> None:
    port = urlsplit(endpoint.url).port
    assert send(endpoint, signed(endpoint, account, host=f"evil.example:{port}")).status == 403
    assert users() == []


@pytest.mark.parametrize(
    "path",
    ["/_ministack/reset", "/_ministack/config", "/_aws/lambda-url/x/", "/2015-03-31/functions"],
)
def test_the_emulators_own_doors_are_shut_as_well(
    endpoint: Endpoint, users: Callable[[], list[str]], account: str, path: str
) -> None:
    send(endpoint, signed(endpoint, account))
    assert send(endpoint, {"Content-Type": "application/json"}, "{}", path).status == 403
    assert users() == ["intruder"], "nobody has emptied the endpoint"


def test_through_a_name_of_the_cdn_one_can_only_read(
    endpoint: Endpoint, users: Callable[[], list[str]]
) -> None:
    headers = {"Host": "d111111abcdef8.cloudfront.net", "Content-Type": FORM}
    assert send(endpoint, headers).status == 403
    assert users() == []


def test_nobody_makes_a_function_without_the_secret(
    endpoint: Endpoint, aws: Callable[..., Any], account: str
) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("index.py", "def handler(event, context): return 1")
    stranger = boto3.client(
        "lambda",
        region_name="us-east-1",
        endpoint_url=endpoint.url,
        aws_access_key_id=account,
        aws_secret_access_key="a guess",
    )
    with pytest.raises(ClientError) as refused:
        stranger.create_function(
            FunctionName="intruder",
            Runtime="python3.12",
            Role=f"arn:aws:iam::{account}:role/any",
            Handler="index.handler",
            Code={"ZipFile": packed.getvalue()},
        )
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert aws("lambda").list_functions()["Functions"] == []


def test_the_refusal_is_one_that_the_commands_explain(endpoint: Endpoint) -> None:
    other = connect(variables={**endpoint.environment, "AWS_SECRET_ACCESS_KEY": "a guess"})
    for service, call in (
        ("sts", "get_caller_identity"),
        ("s3", "list_buckets"),
        ("cloudformation", "list_stacks"),
        ("ec2", "describe_vpcs"),
        ("logs", "describe_log_groups"),
        ("cloudwatch", "describe_alarms"),
    ):
        with pytest.raises(ClinicError, match="does not accept these credentials"), explained():
            getattr(other.client_named(service), call)()


@pytest.mark.parametrize("hashed", [True, False])
def test_objects_come_whole_however_their_body_is_signed(
    endpoint: Endpoint, account: str, hashed: bool
) -> None:
    secret = endpoint.environment["AWS_SECRET_ACCESS_KEY"]
    config = Config(s3={"payload_signing_enabled": hashed})
    s3 = boto3.Session(account, secret, region_name="us-east-1").client(
        "s3", endpoint_url=endpoint.url, config=config
    )
    s3.create_bucket(Bucket=f"whole-{account}")
    key, body = "Año 1/a+b%2Fc~(d).txt", os.urandom(300_000)
    s3.put_object(Bucket=f"whole-{account}", Key=key, Body=body)
    s3.put_object(Bucket=f"whole-{account}", Key=key, Body=io.BytesIO(body))
    result = s3.get_object(Bucket=f"whole-{account}", Key=key)["Body"].read()
    assert result == body
    assert [f["Key"] for f in s3.list_objects_v2(Bucket=f"whole-{account}")["Contents"]] == [key]


def test_each_start_has_a_secret_of_its_own_which_no_list_of_processes_shows(
    endpoint: Endpoint,
) -> None:
    with embedded_endpoint() as other:
        secrets = [e.environment["AWS_SECRET_ACCESS_KEY"] for e in (endpoint, other)]
        # Everybody sees arguments; an environment, only whose process it is.
        shown = subprocess.run(
            ["ps", "axww", "-o", "args"], capture_output=True, text=True, check=True
        ).stdout
        shown += Path(f"/proc/{other.pid}/environ").read_text()
    assert secrets[0] != secrets[1]
    assert not any(secret in shown for secret in secrets)


def test_a_function_that_runs_here_calls_the_endpoint_as_its_account(
    stacks: Stacks, aws: Callable[..., Any], account: str
) -> None:
    code = (
        "import boto3, os\n"
        "def handler(event, context):\n"
        "    there = os.environ['AWS_ENDPOINT_URL']\n"
        "    return boto3.client('sts', endpoint_url=there).get_caller_identity()['Account']\n"
    )
    role = {"Service": "lambda.amazonaws.com"}
    trust = {"Statement": [{"Effect": "Allow", "Principal": role, "Action": "sts:AssumeRole"}]}
    stacks.made(
        "asks",
        {
            "Resources": {
                "Role": {
                    "Type": "AWS::IAM::Role",
                    "Properties": {"AssumeRolePolicyDocument": trust},
                },
                "Function": {
                    "Type": "AWS::Lambda::Function",
                    "Properties": {
                        "FunctionName": f"asks-{account}",
                        "Runtime": f"python3.{sys.version_info.minor}",
                        "Handler": "index.handler",
                        "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                        "Code": {"ZipFile": code},
                    },
                },
            }
        },
    )
    answer = aws("lambda").invoke(FunctionName=f"asks-{account}")
    assert json.loads(answer["Payload"].read()) == account
