"""The embedded endpoint, as the tests of generator/cloud have it."""

from tests.cloud.conftest import aws, endpoint, no_credentials_of_this_machine

__all__ = ["aws", "endpoint", "no_credentials_of_this_machine"]
