"""Publishes a small build of Vite's and reads it back, as a browser would find it."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from generator.application.publish.build import Build, names, read
from generator.application.publish.publish import Wishes, publish
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
        wishes = Wishes(report=report)
        publish(lambda: aws, stack, dist, wishes)
        publish(lambda: aws, stack, dist, wishes)
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
    found = find(aws, stack)
    bucket = found.outputs["FrontendBucketName"] if found else ""
    s3 = aws.client("s3")
    for key, file in build.files.items():
        told = s3.get_object(Bucket=bucket, Key=key)
        headers = {
            name: told.get(name.replace("-", "")) for name in ("Content-Type", "Cache-Control")
        }
        wanted = {name: file.attributes[name] for name in headers}
        if told["Body"].read() != file.path.read_bytes() or headers != wanted:
            raise ClinicError(f"{bucket} holds another {key} than was published.", exit_code=1)
    return bucket
