"""An image from a folder, built by Docker and pushed to the stack's own registry."""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess
from pathlib import Path

from botocore.exceptions import ClientError

from generator.cloud.aws import Aws, code_of
from generator.errors import ClinicError
from generator.report import Report
from generator.shipped import text

PLATFORM = "linux/amd64"
"""What the instances are, whatever this machine is."""
DIGITS = 12
STDERR = 2
UNCHANGED = "Nothing was released."


def build(aws: Aws, repository: str, context: Path, report: Report) -> str:
    """Build ``context`` and push it to ``repository`` (its URI); the image's URI.

    The tag is the commit, or the content where that is not all committed; what is in the registry
    already is not built again. ClinicError (2) without Docker, (1) if building or pushing fails.
    """
    docker = check(context)
    image = f"{repository}:{tag(context)}"
    if is_there(aws, image):
        report.say(f"{image} is in the registry already.")
        return image
    make(docker, context, image, report)
    sign_in(aws, docker, repository.partition("/")[0])
    run([docker, "push", image])
    report.tell("image", image=image)
    return image


def make(docker: str, context: Path, image: str, report: Report, after: str = UNCHANGED) -> None:
    """Build ``context`` here under the name ``image``."""
    report.say(f"Building {image}")
    own = (context / "Dockerfile").is_file()
    source = [] if own else ["--file", "-"]
    written = "" if own else text("generator.bootstrap", "Dockerfile")
    command = [docker, "build", "--platform", PLATFORM, "--tag", image, *source, str(context)]
    run(command, written, after)


def tag(context: Path) -> str:
    """The commit that ``context`` is at, or a digest of its files where something differs."""
    git = shutil.which("git")
    if git:
        where = [git, "-C", str(context)]
        changed = _said([*where, "status", "--porcelain", "--", "."])
        if changed == "" and (commit := _said([*where, "rev-parse", "HEAD"])):
            return commit[:DIGITS]
    return f"content-{_digest(context)}"


def check(context: Path) -> str:
    """Where Docker is. ClinicError if there is none, or nothing to build."""
    if not context.is_dir():
        raise ClinicError(f"{context} is no folder: --build takes the one with the backend in it.")
    docker = shutil.which("docker")
    if docker is None:
        raise ClinicError(
            "there is no docker here, so nothing can be built: install it, or build and push the "
            "image elsewhere and give --image."
        )
    if _said([docker, "version", "--format", "{{.Server.Version}}"]) is None:
        raise ClinicError(
            "docker is here, but its daemon does not answer: start it, or let this user use it."
        )
    return docker


def is_there(aws: Aws, image: str) -> bool:
    """Whether the registry has the tag."""
    name, _, wanted = image.partition("/")[2].partition(":")
    try:
        found = aws.client("ecr").describe_images(
            repositoryName=name, imageIds=[{"imageTag": wanted}]
        )
    except ClientError as error:
        if code_of(error) != "ImageNotFoundException":
            raise
        return False
    return bool(found["imageDetails"])


def sign_in(aws: Aws, docker: str, registry: str = "", after: str = UNCHANGED) -> str:
    """Sign in to a registry, the account's own if none is given; its host name.

    By standard input: what is in an argument, everybody on the machine can read.
    """
    [told] = aws.client("ecr").get_authorization_token()["authorizationData"]
    user, _, password = base64.b64decode(told["authorizationToken"]).decode().partition(":")
    registry = registry or told["proxyEndpoint"].removeprefix("https://")
    run([docker, "login", "--username", user, "--password-stdin", registry], password, after)
    return registry


def run(command: list[str], given: str = "", after: str = UNCHANGED) -> None:
    """Run with its output on stderr, so that stdout stays a program's."""
    try:
        subprocess.run(command, input=given.encode(), stdout=STDERR, check=True)
    except subprocess.CalledProcessError as error:
        raise ClinicError(
            f"`docker {command[1]}` failed with {error.returncode}; what it said is above. {after}",
            exit_code=1,
        ) from error


def _said(command: list[str]) -> str | None:
    """What a command says; None if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def _digest(context: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(context.rglob("*")):
        inside = path.relative_to(context)
        if path.is_file() and inside.parts[0] not in (".git", "node_modules"):
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            digest.update(f"{content}  {inside.as_posix()}\n".encode())
    return digest.hexdigest()[:DIGITS]
