"""Starts the embedded endpoint as a child process, and stops it."""

from __future__ import annotations

import http.client
import importlib.util
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

# Used as an access key, twelve digits are the account of a call. These are from AWS's examples.
ACCOUNT = "111122223333"
START_SECONDS = 20.0
STOP_SECONDS = 5.0


class EndpointError(Exception):
    """The embedded endpoint cannot start; the message is one sentence for a person."""


@dataclass(frozen=True)
class Endpoint:
    """A running endpoint: its address, its account (12 digits), the process, and the variables
    that point boto3 and the AWS CLI at it. Their secret is of this start alone; with other twelve
    digits as access key it leads to another account."""

    url: str
    account: str
    pid: int
    environment: dict[str, str]


def missing() -> str:
    """Why the endpoint cannot start, as one sentence; empty if it is installed."""
    if importlib.util.find_spec("ministack") is not None:
        return ""
    return "The embedded AWS endpoint is not installed: run pip install 'clinic-stack[local]'."


@contextmanager
def embedded_endpoint(account: str = ACCOUNT, region: str = "us-east-1") -> Iterator[Endpoint]:
    """Run the endpoint on a free port of 127.0.0.1 for the length of the block.

    It dies with this process, however that ends. Raises EndpointError when the extra `local` is
    missing, when the emulator is not the one the adapter knows, or when it does not answer.
    """
    if why := missing():
        raise EndpointError(why)
    with tempfile.TemporaryFile("w+") as log:
        child = _start(account, region, log)
        try:
            secret = secrets.token_urlsafe(30)
            url = _url(child, secret, log)
            keys = {"AWS_ACCESS_KEY_ID": account, "AWS_SECRET_ACCESS_KEY": secret}
            place = {"AWS_REGION": region, "AWS_DEFAULT_REGION": region}
            yield Endpoint(url, account, child.pid, {"AWS_ENDPOINT_URL": url, **keys, **place})
        finally:
            _stop(child)


def _start(account: str, region: str, log: IO[str]) -> subprocess.Popen[str]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "MINISTACK_"))}
    # The second folder is for the functions that custom resources call.
    folders = [Path(__file__).parents[2], Path(__file__).with_name("runtime")]
    path = os.pathsep.join([*map(str, folders), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen(
        [sys.executable, "-m", "generator.local", account, region],
        env={**inherited, "PYTHONPATH": path},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
        # A Ctrl-C is meant for the caller, who may still have questions to the endpoint.
        start_new_session=True,
    )


def _url(child: subprocess.Popen[str], secret: str, log: IO[str]) -> str:
    """The endpoint's address, once the child knows the secret, has printed its port and answers
    there, be it that it refuses who has not signed."""
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        child.stdin.write(f"{secret}\n")
        child.stdin.flush()
        port = child.stdout.readline().strip()
        probe = http.client.HTTPConnection("127.0.0.1", int(port), timeout=START_SECONDS)
        probe.request("GET", "/")
        probe.getresponse().close()
    except (ValueError, OSError, http.client.HTTPException) as broken:
        log.seek(0)
        reason = (log.read().split("\n")[:-1] or [str(broken)])[-1]
        raise EndpointError(f"The embedded AWS endpoint did not start: {reason}") from broken
    return f"http://127.0.0.1:{port}"


def _stop(child: subprocess.Popen[str]) -> None:
    """Ask by closing the child's standard input, insist with a kill of its whole group."""
    try:
        child.communicate(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()
