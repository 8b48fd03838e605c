"""What a release is asked for on the command line."""

from __future__ import annotations

from pathlib import Path

from generator.application.release.build import build, check
from generator.application.release.wish import Order
from generator.cloud.aws import Aws
from generator.cloud.stacks import Stack
from generator.errors import ClinicError
from generator.report import Report


def order_of(
    image: str, revision: str, context: Path | None, migration: str | None
) -> Order | Path:
    """What is asked for, or what is still to be built; ClinicError if that cannot be."""
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
        check(context)
        return context
    return Order(image, revision)


def ordered(asked: Order | Path, aws: Aws, stack: Stack, report: Report) -> Order:
    """What is asked for, once it is built where it has to be."""
    if isinstance(asked, Order):
        return asked
    return Order(build(aws, stack.outputs["ImageRepositoryUri"], asked, report))
