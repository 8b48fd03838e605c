"""What a release is asked for on the command line."""

from __future__ import annotations

from pathlib import Path

from generator.application.release.build import build, require_docker
from generator.application.release.revision import ReleaseRequest
from generator.cloud.aws import Aws
from generator.cloud.stacks import Stack
from generator.errors import ClinicError
from generator.report import Report


def parse_request(
    image: str, revision: str, context: Path | None, migration: str | None
) -> ReleaseRequest | Path:
    """The request of the options, or the folder to build; ClinicError if they are invalid."""
    if bool(image) + bool(revision) + bool(context) != 1:
        raise ClinicError("give one of --image, --revision and --build.")
    if migration is not None and not migration.strip():
        raise ClinicError("--migrate is empty: give the command, or leave the option out.")
    if migration and "{{" in migration:
        raise ClinicError("--migrate must hold no {{, which Systems Manager would fill in.")
    if migration and revision:
        raise ClinicError(
            "--migrate needs an image: a revision is built by each instance at its boot."
        )
    if context:
        require_docker(context)
        return context
    return ReleaseRequest(image, revision)


def build_requested(
    asked: ReleaseRequest | Path, aws: Aws, stack: Stack, report: Report
) -> ReleaseRequest:
    """The request; ``asked`` is built and pushed first if it is a folder."""
    if isinstance(asked, ReleaseRequest):
        return asked
    return ReleaseRequest(build(aws, stack.outputs["ImageRepositoryUri"], asked, report))
