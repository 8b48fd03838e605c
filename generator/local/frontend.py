"""Publishes a small build of Vite's and compares the bucket with it."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from generator.application.publish.build import Build, names, read
from generator.application.publish.publish import PublishOptions, publish
from generator.cloud.aws import Aws
from generator.cloud.stacks import find
from generator.errors import ClinicError
from generator.report import Report
from generator.shipped import text


def rehearse_frontend(aws: Aws, stack: str, report: Report) -> None:
    """Publish twice; ClinicError (1) if the bucket of ``stack`` then holds anything else."""
    with TemporaryDirectory(prefix="clinic-") as folder:
        dist = Path(folder)
        write_small_build(dist)
        options = PublishOptions(report=report)
        publish(lambda: aws, stack, dist, options)
        publish(lambda: aws, stack, dist, options)
        build = read(dist, names(dist))
        bucket = _compare(aws, stack, build)
    report.say(
        f"All {len(build.files)} files are in {bucket} as they were built, with their headers."
    )


def write_small_build(folder: Path) -> None:
    """Write a small frontend as Vite builds one."""
    for key, content in json.loads(text("generator.local", "frontend.json")).items():
        (folder / key).parent.mkdir(exist_ok=True)
        (folder / key).write_text(content, "utf-8")


def _compare(aws: Aws, stack: str, build: Build) -> str:
    """The bucket, once it is known to hold the build."""
    description = find(aws, stack)
    bucket = description.outputs["FrontendBucketName"] if description else ""
    s3 = aws.client("s3")
    for key, file in build.files.items():
        response = s3.get_object(Bucket=bucket, Key=key)
        headers = {
            name: response.get(name.replace("-", "")) for name in ("Content-Type", "Cache-Control")
        }
        expected = {name: file.attributes[name] for name in headers}
        if response["Body"].read() != file.path.read_bytes() or headers != expected:
            raise ClinicError(f"{bucket} holds another {key} than was published.", exit_code=1)
    return bucket
