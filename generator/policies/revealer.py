"""Who may see the values in the ``.env``: for ``--reveal``, and for nothing else.

A right of its own, since whoever releases needs to replace the file and not to read it.
"""

from __future__ import annotations

from typing import Any

from generator.policies.grants import (
    CONFIGURATION_BUCKET,
    ENV_FILE,
    ENV_FINGERPRINT,
    FOR_ENV_FILE,
    IN_OWN_ACCOUNT,
    STACKS,
    THROUGH_S3,
    allow,
    document,
)


def documents() -> dict[str, dict[str, Any]]:
    """The one document by file stem."""
    return {
        "revealer": document(
            allow(
                "FindBucket",
                ["cloudformation:DescribeStacks", "cloudformation:ListStackResources"],
                [STACKS],
            ),
            allow("SeeVersions", ["s3:ListBucketVersions"], [CONFIGURATION_BUCKET], IN_OWN_ACCOUNT),
            allow("ReadEnvFile", ["s3:GetObject"], [ENV_FILE, ENV_FINGERPRINT], IN_OWN_ACCOUNT),
            allow(
                "DecryptEnvFile",
                ["kms:Decrypt"],
                ["arn:aws:kms:*:*:key/*"],
                THROUGH_S3,
                FOR_ENV_FILE,
            ),
        )
    }
