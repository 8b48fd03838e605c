"""The endpoint and the fresh accounts are those of the tests of the cloud."""

from __future__ import annotations

import pytest

from generator.cloud.aws import Aws
from tests.cloud.conftest import aws, endpoint, no_credentials_of_this_machine

from .stage import Scene, deployed

__all__ = ["aws", "endpoint", "no_credentials_of_this_machine"]


@pytest.fixture
def scene(aws: Aws) -> Scene:
    return deployed(aws)
