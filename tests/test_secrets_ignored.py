"""No `.env` gets into git by accident, and nothing that git must hold is ignored."""

from __future__ import annotations

import subprocess

import pytest

from .conftest import ROOT


def git(*arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    command = ["git", "-C", str(ROOT), *arguments]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False)


@pytest.fixture(autouse=True)
def _a_checkout() -> None:
    if git("rev-parse").returncode:
        pytest.skip("not a git checkout: there is nothing to ignore")


@pytest.mark.parametrize(
    "path", [".env", "prod.env", "params/prod.env", "params/.env", ".env.production", "a/b/.env"]
)
def test_a_file_of_secrets_is_ignored(path: str) -> None:
    assert git("check-ignore", "--no-index", path).stdout == f"{path}\n"


def test_no_file_of_this_repository_is_ignored() -> None:
    tracked = git("ls-files").stdout
    assert "params/env.schema.json\n" in tracked
    assert git("check-ignore", "--no-index", "--stdin", text=tracked).stdout == ""
