"""Limits of CloudFormation and EC2, in bytes or counts."""

from __future__ import annotations

BODY = 51_200
"""Bytes of a template that is sent directly, which every nested one can be."""

OBJECT = 1_000_000
"""Bytes of a template that is uploaded to S3, as the console does."""

COUNTS = {"Resources": 500, "Parameters": 200, "Outputs": 200, "Mappings": 200}

DESCRIPTION = 1_024
"""Bytes of a template's description."""

VALUE = 4_096
"""Bytes of one parameter's value."""

USER_DATA = 16_384
"""Bytes before they are encoded: so EC2's page on instance user data, and its API takes the 21,847
characters that they are in base 64 (aws/aws-sdk-java issue 408)."""
