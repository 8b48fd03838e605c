"""An image is built from a folder by Docker, whose password nobody sees."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from botocore.stub import Stubber

from generator.application.release.build import build, tag
from generator.cloud.aws import Aws
from generator.errors import ClinicError
from generator.report import Report

REPOSITORY = "123456789012.dkr.ecr.us-east-1.amazonaws.com/clinic-dev-imagerepository-1a2b"
PASSWORD = "obviously-fake-registry-password"
DOCKER = """#!/bin/bash
printf '%s\\t' "$@" >>"${NOTES}/docker"; echo >>"${NOTES}/docker"
if [[ -e "${NOTES}/fail-$1" ]]; then exit 9; fi
if [[ "$1" == login ]]; then cat >"${NOTES}/password"; fi
if [[ "$*" == *"--file -"* ]]; then cat >"${NOTES}/Dockerfile"; fi
if [[ "$1" == version ]]; then echo 28.0; else echo "what docker prints"; fi
"""


@pytest.fixture
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with git and a docker that notes how it was called."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "docker").write_text(DOCKER)
    (folder / "docker").chmod(0o755)
    for name in ("bash", "cat", "git"):
        (folder / name).symlink_to(str(shutil.which(name)))
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("NOTES", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    return tmp_path


@pytest.fixture
def context(tmp_path: Path) -> Path:
    folder = tmp_path / "backend"
    (folder / "src").mkdir(parents=True)
    (folder / "src/main.ts").write_text("start()\n")
    (folder / "Dockerfile").write_text("FROM scratch\n")
    return folder


def built(aws: Aws, context: Path, *, known: bool = False) -> str:
    ecr = aws.client("ecr")
    token = base64.b64encode(f"AWS:{PASSWORD}".encode()).decode()
    with Stubber(ecr) as stub:
        if known:
            stub.add_response("describe_images", {"imageDetails": [{}]})
        else:
            stub.add_client_error("describe_images", "ImageNotFoundException")
        stub.add_response(
            "get_authorization_token", {"authorizationData": [{"authorizationToken": token}]}
        )
        return build(aws, REPOSITORY, context, Report())


def calls(notes: Path) -> list[list[str]]:
    return [line.split("\t")[:-1] for line in (notes / "docker").read_text().splitlines()]


def commit(context: Path) -> str:
    def git(*arguments: str) -> str:
        who = ("-c", "user.name=x", "-c", "user.email=x@clinic.invalid")
        done = ["git", "-C", str(context), *who, *arguments]
        return subprocess.run(done, check=True, capture_output=True, text=True).stdout.strip()

    git("init", "--quiet")
    git("add", "--all")
    git("commit", "--quiet", "--message", "x")
    return git("rev-parse", "HEAD")


def test_it_builds_for_the_instances_signs_in_and_pushes(
    aws: Aws, notes: Path, context: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    image = built(aws, context)
    assert image.startswith(f"{REPOSITORY}:content-")
    build_call = ["build", "--platform", "linux/amd64", "--tag", image, str(context)]
    registry = REPOSITORY.partition("/")[0]
    login = ["login", "--username", "AWS", "--password-stdin", registry]
    assert calls(notes)[1:] == [build_call, login, ["push", image]]
    assert (notes / "password").read_text() == PASSWORD
    assert PASSWORD not in (notes / "docker").read_text()
    assert "what docker prints" not in capfd.readouterr().out


def test_what_is_committed_is_named_by_its_commit_and_what_is_not_by_its_content(
    notes: Path, context: Path
) -> None:
    first = tag(context)
    assert first.startswith("content-")
    name = commit(context)
    assert tag(context) == name[:12]
    (context / "src/main.ts").write_text("stop()\n")
    assert tag(context) not in (first, name[:12])
    (context / "src/main.ts").write_text("start()\n")
    shutil.rmtree(context / ".git")
    assert tag(context) == first


def test_what_the_registry_has_is_not_built_again(aws: Aws, notes: Path, context: Path) -> None:
    image = built(aws, context, known=True)
    assert image.startswith(REPOSITORY)
    assert [call[0] for call in calls(notes)] == ["version"]


def test_a_repository_without_a_dockerfile_gets_the_one_of_the_instances(
    aws: Aws, notes: Path, context: Path
) -> None:
    (context / "Dockerfile").unlink()
    built(aws, context)
    assert "USER node" in (notes / "Dockerfile").read_text()
    assert calls(notes)[1][-3:] == ["--file", "-", str(context)]


@pytest.mark.parametrize("step", ["build", "login", "push"])
def test_a_step_of_docker_that_fails_ends_it(
    aws: Aws, notes: Path, context: Path, step: str
) -> None:
    (notes / f"fail-{step}").touch()
    with pytest.raises(ClinicError, match=f"`docker {step}` failed with 9") as told:
        built(aws, context)
    assert told.value.exit_code == 1
    assert PASSWORD not in str(told.value)


def test_no_docker_and_no_daemon_are_said_in_one_sentence(
    aws: Aws, notes: Path, context: Path
) -> None:
    (notes / "fail-version").touch()
    with pytest.raises(ClinicError, match="its daemon does not answer") as told:
        built(aws, context)
    assert told.value.exit_code == 2
    (notes / "bin/docker").unlink()
    with pytest.raises(ClinicError, match="there is no docker here") as told:
        built(aws, context)
    assert told.value.exit_code == 2


def test_a_folder_that_is_none_is_said(aws: Aws, notes: Path) -> None:
    with pytest.raises(ClinicError, match="is no folder"):
        built(aws, notes / "nowhere")
