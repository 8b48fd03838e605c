"""A viewer's requests to a distribution, and the distribution's to its bucket, as on AWS.

The emulator looks for a host among the distributions of one account, although a viewer has none; it
does not take its own reading of the bucket for TLS, so that the bucket's policy refuses it; and it
takes whatever is missing for forbidden.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from generator.local.engine import cloudfront, evaluator, responses, s3


def install() -> None:
    """Replace the emulator's functions for both."""
    cloudfront.find_distribution_for_label = _distribution
    s3.serve_cloudfront_origin_fetch = _as_aws(s3.serve_cloudfront_origin_fetch)


def _distribution(label: str) -> Any:
    """The distribution of ``<label>.cloudfront.net``, in whose account the request then is."""
    for (account, _), distribution in list(cloudfront._distributions._data.items()):
        if distribution.get("DomainName", "").lower() == f"{label}.cloudfront.net":
            responses.set_request_account_id(account)
            return distribution
    return None


def _as_aws(fetch: Callable[..., Any]) -> Callable[..., Any]:
    def serve(bucket: str, key: str, *rest: Any, source_arn: str = "", oai_id: str = "") -> Any:
        address, _ = evaluator._request_origin.get()
        before = evaluator._request_origin.set((address, True))
        try:
            contents = s3._ensure_bucket(bucket)
            missing = contents is not None and key not in contents["objects"]
            if missing and _may_list(bucket, source_arn):
                why = "The specified key does not exist."
                return s3._error("NoSuchKey", why, 404, f"/{bucket}/{key}")
            return fetch(bucket, key, *rest, source_arn=source_arn, oai_id=oai_id)
        finally:
            evaluator._request_origin.reset(before)

    return serve


def _may_list(bucket: str, source_arn: str) -> bool:
    """Whether the policy lets this distribution know what there is."""
    owner = s3._bucket_owner_account(bucket)
    context = evaluator.EvalContext(
        principal_arn="*",
        principal_type="Service",
        principal_account="",
        action="s3:ListBucket",
        resource_arn=f"arn:aws:s3:::{bucket}",
        region="",
        service_context={"aws:sourcearn": source_arn},
    )
    policy = s3._bucket_policies.get_scoped(owner, None, bucket)
    service = "cloudfront.amazonaws.com"
    evaluation = evaluator.evaluate_resource_policy(policy, context, service=service)
    return bool(evaluation.decision == "Allow")
