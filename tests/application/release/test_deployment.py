"""One command builds the image, deploys, and pushes it as soon as its registry is there."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from generator.application.release.save import save
from generator.cloud.aws import Aws
from generator.cloud.stacks import find
from generator.local import Endpoint
from tests.cloud import small
from tests.conftest import Ended

from .test_build import calls, context, notes
from .test_command import aws, files

__all__ = ["aws", "context", "files", "notes"]
Clinic = Callable[..., Ended]
PATH = os.environ["PATH"]


@pytest.fixture
def deploy(
    aws: Aws,
    clinic: Clinic,
    files: Path,
    context: Path,
    notes: Path,
    endpoint: Endpoint,
    monkeypatch: pytest.MonkeyPatch,
) -> Clinic:
    """`clinic deploy dev --build` with tag 1, on a machine with Docker's stand-in."""
    monkeypatch.setenv("PATH", f"{notes / 'bin'}{os.pathsep}{PATH}")
    save(files / "dev.json", {"BackendImage": ":1"})
    chosen = ("deploy", "dev", "--flat", "--no-smoke", "--params", files, "--build", context)
    return lambda *more: clinic(*chosen, *more)


def repository(aws: Aws) -> str:
    """The registry's name, from what the stack shows."""
    stack = find(aws, "clinic-dev")
    assert stack
    return stack.outputs["ImageRepositoryUri"].partition("/")[2]


def put(aws: Aws, tag: str) -> None:
    aws.client("ecr").put_image(repositoryName=repository(aws), imageManifest="{}", imageTag=tag)


def test_the_first_deployment_builds_first_and_pushes_while_the_stack_is_made(
    aws: Aws, deploy: Clinic, notes: Path, context: Path
) -> None:
    done = deploy("--yes", "--json")
    assert done.code == 0, done.err
    made = calls(notes)
    registry = made[2][-1]
    image = f"{registry}/{repository(aws)}:1"
    assert made[1:] == [
        ["build", "--platform", "linux/amd64", "--tag", "clinic-dev:1", str(context)],
        ["login", "--username", "AWS", "--password-stdin", registry],
        ["tag", "clinic-dev:1", image],
        ["push", "--quiet", image],
    ]
    told = [json.loads(line) for line in done.out.splitlines()]
    pushed = next(n for n, line in enumerate(told) if line["kind"] == "image")
    made_at = [
        n for n, line in enumerate(told) if line["kind"] == "event" and _made(line, "BackendGroup")
    ]
    assert told[pushed]["image"] == image
    assert pushed < made_at[0], "instances would wait for an image that comes after them"


def _made(event: dict[str, str], path: str) -> bool:
    return event["path"] == path and event["status"] == "CREATE_COMPLETE"


def test_a_registry_that_is_there_gets_the_image_before_anything_changes(
    aws: Aws, deploy: Clinic, files: Path, notes: Path
) -> None:
    assert deploy("--yes").code == 0
    put(aws, "1")
    again = deploy("--yes")
    assert (again.code, "what a tag is there does not change" in again.out) == (0, True)
    assert [call[0] for call in calls(notes)].count("build") == 1
    save(files / "dev.json", {"BackendImage": ":2"})
    (notes / "fail-push").touch()
    failed = deploy("--yes")
    assert (failed.code, "`docker push` failed with 9" in failed.err) == (1, True)
    assert small.parameters(aws, "clinic-dev")["BackendImage"] == ":1"
    (notes / "fail-push").unlink()
    assert deploy("--yes").code == 0
    assert small.parameters(aws, "clinic-dev")["BackendImage"] == ":2"
    assert calls(notes)[-1][-1].endswith(f"{repository(aws)}:2")


@pytest.mark.parametrize("step", ["build", "login"])
def test_what_docker_cannot_do_is_known_before_anything_is_deployed(
    aws: Aws, deploy: Clinic, notes: Path, step: str
) -> None:
    (notes / f"fail-{step}").touch()
    done = deploy("--yes")
    assert done.code == 1
    assert f"`docker {step}` failed with 9" in done.err
    assert "Nothing was deployed." in done.err
    assert small.status(aws, "clinic-dev") == "absent"


@pytest.mark.parametrize("image", ["", "docker.io/clinic/backend:1"])
def test_an_image_that_is_no_tag_of_the_own_registry_is_refused(
    aws: Aws, deploy: Clinic, files: Path, image: str
) -> None:
    save(files / "dev.json", {"BackendImage": image})
    done = deploy("--yes")
    assert done.code == 2
    assert "set it to one such as :1" in done.err.splitlines()[-1]
    assert small.status(aws, "clinic-dev") == "absent"


def test_a_plan_builds_nothing(aws: Aws, deploy: Clinic, notes: Path) -> None:
    assert deploy("--plan").code == 0
    assert not (notes / "docker").exists()


def test_a_tag_that_nobody_pushes_is_said_before_the_first_deployment(
    aws: Aws, clinic: Clinic, files: Path
) -> None:
    save(files / "dev.json", {"BackendImage": ":1"})
    planned = clinic("deploy", "dev", "--flat", "--plan", "--params", files)
    assert "give --build CONTEXT" in planned.out
