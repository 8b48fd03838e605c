"""Which of the files in output/policies/ give a right that is missing: read from the policies."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from generator import policies

FOLDER = "output/policies"
S3_ACTIONS = {
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "ListObjectsV2": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
    "DeleteObjects": "DeleteObject",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
}
"""Operations whose IAM action has another name."""


def action_of(operation: str, said: str) -> str:
    """The IAM action that a refusal names, or else the one that allows ``operation``."""
    if named := re.search(r"not authorized to perform:? ([\w-]+:\w+)", said):
        return named[1]
    if operation in S3_ACTIONS or "Bucket" in operation or operation.endswith("Object"):
        return f"s3:{S3_ACTIONS.get(operation, operation)}"
    return operation


def giving(action: str, resource: str = "", meant: tuple[str, ...] = ()) -> list[str]:
    """The names of the policies that allow ``action`` on ``resource``, both as AWS's refusal says
    them; without a resource, on any.

    ``action`` may lack its service. Of several policies only those that are ``meant`` for what was
    done, where one of them gives it.
    """
    named = [
        stem
        for stem, document in policies.documents().items()
        # The boundary gives nothing: it is the most that a role may be given.
        if stem != "boundary"
        and any(_allows(statement, action, resource) for statement in document["Statement"])
    ]
    return [stem for stem in named if any(fnmatchcase(stem, m) for m in meant)] or named


def advice(action: str, resource: str, meant: tuple[str, ...]) -> str:
    """What to ask for, as the end of a sentence."""
    files = [f"{FOLDER}/{stem}.json" for stem in giving(action, resource, meant)]
    files = files or [f"{FOLDER}/{stem}.json" for stem in giving(action, meant=meant) if resource]
    if not files:
        return f"no policy of {FOLDER} gives that right, so ask whoever keeps the account's rights"
    return f"ask for the policy {' or '.join(files)}"


def _allows(statement: Mapping[str, Any], action: str, resource: str) -> bool:
    full_name = action if ":" in action else f"*:{action}"
    return any(_like(pattern, full_name) for pattern in statement["Action"]) and (
        not resource or any(_covers(pattern, resource) for pattern in statement["Resource"])
    )


def _like(pattern: str, action: str) -> bool:
    service, _, name = action.lower().partition(":")
    own, _, names = pattern.lower().partition(":")
    return service in ("*", own) and fnmatchcase(name, names)


def _covers(pattern: str, resource: str) -> bool:
    """Whether a policy's pattern covers an ARN; variables stand for anything."""
    return fnmatchcase(resource, re.sub(r"\$\{[^}]*}", "*", pattern))
