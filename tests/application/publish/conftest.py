"""One embedded endpoint for the folder, and a site of its own for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.cloud.aws import Aws, connect
from generator.local import Endpoint
from tests.cloud.conftest import endpoint, new_account, no_credentials_of_this_machine

from .sites import Frontend, make, write

__all__ = ["endpoint", "no_credentials_of_this_machine"]


@pytest.fixture
def given(endpoint: Endpoint) -> dict[str, str]:
    """The variables that lead to an account that nobody has used."""
    return {**endpoint.environment, "AWS_ACCESS_KEY_ID": new_account()}


@pytest.fixture
def aws(given: dict[str, str]) -> Aws:
    return connect(variables=given)


@pytest.fixture
def site(aws: Aws) -> Frontend:
    """A stack with an empty bucket and a distribution."""
    make(aws)
    return Frontend(aws)


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    """A small build of one page and two chunks."""
    return write(tmp_path / "dist")
