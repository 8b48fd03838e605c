"""Who publishes the frontend: files into one bucket, and the CDN told about it. Nothing else.

The bucket and the distribution are found through the stack's outputs. The bucket is known by its
generated name; a distribution has an identifier instead and CloudFront does not take over
CloudFormation's tags, so it is known by the Name tag that the edge layer gives it.
"""

from __future__ import annotations

from typing import Any

import awacs.aws as aws

from generator.policies.grants import FRONTEND_BUCKET, IN_OWN_ACCOUNT, STACKS, allow, document

DISTRIBUTION_NAME_TAG = "*-site"
OUR_DISTRIBUTION = aws.StringLike({"aws:ResourceTag/Name": [DISTRIBUTION_NAME_TAG]})


def documents() -> dict[str, dict[str, Any]]:
    """The one document by file stem."""
    return {
        "publisher": document(
            allow(
                "FindBucket",
                ["cloudformation:DescribeStacks", "cloudformation:ListStackResources"],
                [STACKS],
            ),
            allow(
                "SeeFiles",
                ["s3:GetBucketLocation", "s3:ListBucket"],
                [FRONTEND_BUCKET],
                IN_OWN_ACCOUNT,
            ),
            allow(
                "ChangeFiles",
                ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
                [f"{FRONTEND_BUCKET}/*"],
                IN_OWN_ACCOUNT,
            ),
            allow(
                "Invalidate",
                [
                    "cloudfront:CreateInvalidation",
                    "cloudfront:GetInvalidation",
                    "cloudfront:ListInvalidations",
                ],
                ["arn:aws:cloudfront::*:distribution/*"],
                OUR_DISTRIBUTION,
            ),
        )
    }
