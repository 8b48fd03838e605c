"""A session through Session Manager, by the AWS CLI and its plugin."""

from __future__ import annotations

import json
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import ClientError

from generator.application.shell.choose import Instance
from generator.cloud.ask import terminal
from generator.cloud.aws import Aws, code_of
from generator.errors import ClinicError

DOCUMENT = "SSM-SessionManagerRunShell"
"""The only one that output/policies/operator.json allows. StartSession takes it where no name is
given, also in an account that has none of its own (Systems Manager user guide, "Start a session
with a document by specifying the session documents in IAM policies")."""
PARAMETER = "linuxcmd"
"""What the document in docs/security.md has the shell run first, by its shellProfile."""
CONTAINER = (
    "exec sudo sh -c 'c=$(readlink /var/lib/clinic-backend/backend.env) && "
    'exec docker exec -it "${c%.env}" sh\''
)
"""A shell in the container that serves: the link is the boot programs' own (bootstrap/switch.sh).
Without {{ }}, which is the document's word for a parameter."""
PAGES = {
    "aws": (
        "the AWS CLI",
        "https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html",
    ),
    "session-manager-plugin": (
        "the AWS CLI's Session Manager plugin",
        "https://docs.aws.amazon.com/systems-manager/latest/userguide/"
        "session-manager-working-with-install-plugin.html",
    ),
}
"""What has to be installed, by program: its name and its page."""
KEYS = (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP)


def require_programs() -> None:
    """ClinicError if one is missing, or nobody is at a terminal."""
    if not terminal():
        raise ClinicError(
            "a shell needs a terminal: `--json` gives the command without running it."
        )
    for program, (name, page) in PAGES.items():
        if not shutil.which(program):
            raise ClinicError(f"a shell needs {name} (`{program}`), which is not here: see {page}")


def command(aws: Aws, instance: Instance, profile: str | None, container: bool) -> list[str]:
    """The AWS CLI's command for a session on an instance, or in its backend's container."""
    words = ["aws", "ssm", "start-session", "--target", instance.id, "--region", aws.region]
    words += ["--profile", profile] if profile else []
    if container:
        words += ["--document-name", DOCUMENT]
        words += ["--parameters", json.dumps({PARAMETER: [CONTAINER]})]
    return words


def require_parameter(aws: Aws) -> None:
    """ClinicError if the account's session document does not take PARAMETER."""
    try:
        content = aws.client("ssm").get_document(Name=DOCUMENT)["Content"]
    except ClientError as error:
        if code_of(error) != "InvalidDocument":
            raise
        content = "{}"
    if PARAMETER not in json.loads(content).get("parameters", {}):
        raise ClinicError(
            f"--container needs the session document {DOCUMENT} with the parameter {PARAMETER} in "
            f"{aws.region}: make it once as docs/security.md shows, or open a shell on the "
            f"instance and run there: {CONTAINER}",
            exit_code=3,
        )


def run(words: list[str]) -> None:
    """Run a session until the person leaves it; ClinicError (1) if it could not be opened."""
    with _keys_for_the_session():
        ended = subprocess.run(words, check=False)
    if ended.returncode:
        raise ClinicError(
            f"the session ended with code {ended.returncode}, for the reason above; the command "
            f"was: {shlex.join(words)}",
            exit_code=1,
        )


@contextmanager
def _keys_for_the_session() -> Iterator[None]:
    """Ctrl-C, Ctrl-\\ and Ctrl-Z are for the shell over there. Handled rather than ignored here: a
    program that is started inherits only the latter."""
    before = {key: signal.signal(key, lambda *_: None) for key in KEYS}
    try:
        sys.stdout.flush()
        yield
    finally:
        for key, handler in before.items():
            signal.signal(key, handler)
