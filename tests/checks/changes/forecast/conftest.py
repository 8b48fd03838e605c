"""A repository with a small set of templates, committed once and then changed."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.checks.sets import small, stack
from tests.conftest import Ended

BUCKET = {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
DATABASE = {
    "Type": "AWS::RDS::DBInstance",
    "DeletionPolicy": "Snapshot",
    "UpdateReplacePolicy": "Snapshot",
    "Properties": {"MasterUsername": "owner", "AllocatedStorage": "20"},
}
LOG = {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 7}}

Documents = dict[str, Any]


def held() -> Documents:
    """The small set, with a layer that holds data."""
    documents = small()
    resources = {"Papers": BUCKET, "Db": DATABASE, "Log": LOG}
    documents["nested/data.json"] = {"Resources": json.loads(json.dumps(resources))}
    documents["nested/root.json"]["Resources"]["DataStack"] = stack("data")
    documents["flat.json"]["Resources"] |= json.loads(json.dumps(resources))
    return documents


class Project:
    """A folder under git with output/ and params/."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=self.folder, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def write(self, documents: Documents, **values: dict[str, str]) -> None:
        """Put templates into output/, and a parameter file for each environment into params/."""
        for path, document in documents.items():
            self.file(f"output/{path}", json.dumps(document))
        for env, given in values.items():
            rows = [{"ParameterKey": k, "ParameterValue": v} for k, v in given.items()]
            self.file(f"params/{env}.json", json.dumps(rows))

    def file(self, path: str, text: str) -> None:
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_text(text)

    def commit(self) -> str:
        self.git("add", "-A")
        self.git("commit", "--allow-empty", "-qm", "As it is.")
        return self.git("rev-parse", "HEAD")


@pytest.fixture(autouse=True)
def _only_this_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the person's git nor a hook or job that runs the tests decides anything."""
    for name in [name for name in os.environ if name.startswith(("GIT_", "GITHUB_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Somebody")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "somebody@example.com")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """One commit on main, with the environments dev and prod."""
    made = Project(tmp_path)
    made.git("init", "-q", "-b", "main")
    made.write(held(), dev={}, prod={"VpcCidr": "10.1.0.0/16"})
    made.commit()
    return made


@pytest.fixture
def here(
    project: Project, clinic: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Ended]:
    """Run the command line in the project's folder."""
    monkeypatch.chdir(project.folder)
    return clinic
