"""AWS's clients have types while mypy reads, and cost nothing while the package runs."""

from __future__ import annotations

import subprocess
import sys

import boto3
import pytest

from generator.cloud.aws import Aws


def misspelled(aws: Aws) -> None:
    """mypy refuses each of these calls; one that it lets pass is an unused ignore, which it
    refuses as well."""
    aws.client("cloudformation").describe_stackz()  # type: ignore[attr-defined]  # no operation
    aws.client("s3").head_bucket(BucketName="x")  # type: ignore[call-arg]  # no argument
    aws.client("ec2").describe_instances()["Reservation"]  # type: ignore[typeddict-item]  # no field
    aws.client("s4")  # type: ignore[call-overload]  # no service


def test_a_call_that_aws_does_not_have_fails_here_too() -> None:
    session = boto3.Session("1", "x", region_name="eu-west-1")
    with pytest.raises(AttributeError, match="describe_stackz"):
        misspelled(Aws(session, "eu-west-1", "http://127.0.0.1:9"))


def test_the_stubs_are_not_imported() -> None:
    program = (
        "import sys, generator.cloud.deploy, generator.cloud.stack_set, generator.cloud.destroy;"
        "import generator.application.doctor.doctor, generator.application.stress.live;"
        "sys.exit(any(name.startswith('mypy_boto3') for name in sys.modules))"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
