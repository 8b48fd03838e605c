"""A push as `clinic rehearse` does it: a made-up file, sent, read back, not sent again."""

from __future__ import annotations

from pathlib import Path

from generator.application.env import dotenv
from generator.application.env.check import Checked
from generator.application.env.deployed import bucket_of, look, reveal
from generator.application.env.push import push
from generator.application.env.show import show
from generator.cloud.aws import Aws
from generator.errors import ClinicError
from generator.report import Report

FAKE = b"JWT_SECRET=made-up-for-the-rehearsal\nGEMINI_API_KEY=made-up\nJWT_EXPIRATION_TIME=86400\n"


def rehearse(aws: Aws, stack: str, report: Report) -> None:
    """Push, read back, push again; ClinicError (1) if the bucket has anything else."""
    checked = Checked(Path("a made-up .env"), FAKE, dotenv.parse(FAKE).values, [], None)
    push(aws, stack, checked, report)
    deployed = look(aws, bucket_of(aws, stack))
    if reveal(aws, deployed) != FAKE or not deployed.fingerprint:
        raise ClinicError("the bucket does not give back the .env that was pushed.", exit_code=1)
    show(aws, stack, report, shown=False)
    if push(aws, stack, checked, report):
        raise ClinicError("an unchanged .env was sent again.", exit_code=1)
