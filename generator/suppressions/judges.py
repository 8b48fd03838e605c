"""Objections of other people's judges that the templates tell them to leave out.

Only where a control does not apply or would do harm; what an operator still has to bring (a name,
a certificate, a web ACL) stays an objection.
"""

from __future__ import annotations

from collections.abc import Iterator

from generator.suppressions.suppression import Suppression

PACKS = ("HIPAA.Security", "NIST.800.53.R5", "PCI.DSS.321")
"""What cdk-nag puts before the name of a rule."""


def _judged(
    reason: str, *titles: str, cdk_nag: str = "", packs: tuple[str, ...] = PACKS, **rules: str
) -> Iterator[Suppression]:
    """A suppression for each of ``titles``, logical ids, from a rule of each judge.

    No database, secret, distribution or VPC origin: nobody here can try whether CloudFormation
    calls their update handler for new Metadata, which would cost more than a finding.
    """
    named = [*rules.items(), *(("cdk_nag", f"{pack}-{cdk_nag}") for pack in packs if cdk_nag)]
    for title in titles:
        for judge, rule in named:
            yield Suppression(rule, f"Resources/{title}", reason, judge=judge)


FUNCTIONS = (
    *("CloseDefaultGroupFunction", "DatabaseLogsFunction"),
    *("ReleaseFunction", "RotationFunction"),
)
BUCKETS = ("LogBucket", "CdnLogBucket", "ConfigurationBucket", "DocumentsBucket", "FrontendBucket")

ROWS = (
    *_judged(
        "Lambda.3: it calls AWS's APIs only.",
        *FUNCTIONS,
        checkov="CKV_AWS_117",
        guard="LAMBDA_INSIDE_VPC",
        cfn_nag="W89",
        cdk_nag="LambdaInsideVPC",
    ),
    *_judged(
        "CKV_AWS_116: whoever calls it waits for the answer.",
        *FUNCTIONS[2:],
        checkov="CKV_AWS_116",
        guard="LAMBDA_DLQ_CHECK",
        cdk_nag="LambdaDLQ",
        packs=PACKS[:2],
    ),
    *_judged(
        "CKV_AWS_115: a new account has none to reserve.",
        *FUNCTIONS,
        checkov="CKV_AWS_115",
        guard="LAMBDA_CONCURRENCY_CHECK",
        cfn_nag="W92",
        cdk_nag="LambdaConcurrency",
        packs=PACKS[:2],
    ),
    *_judged("CFN: a policy beside its role allows it.", *FUNCTIONS, cfn_nag="W58"),
    *_judged(
        "S3.7: a copy beside it dies with the account.",
        *BUCKETS,
        guard="S3_BUCKET_REPLICATION_ENABLED",
        cdk_nag="S3BucketReplicationEnabled",
    ),
    *_judged(
        "S3.9: it would log itself.",
        "LogBucket",
        checkov="CKV_AWS_18",
        guard="S3_BUCKET_LOGGING_ENABLED",
        cfn_nag="W35",
    ),
    *_judged(
        "S3.15: S3 delivers no log into a locked bucket.",
        *BUCKETS[:2],
        guard="S3_BUCKET_DEFAULT_LOCK_ENABLED",
    ),
    *_judged(
        "S3.15: what is sent again must be removable.",
        *("ConfigurationBucket", "FrontendBucket"),
        guard="S3_BUCKET_DEFAULT_LOCK_ENABLED",
    ),
    *_judged(
        "S3.17: balancers and S3 deliver logs to AES256 buckets only.",
        "LogBucket",
        cdk_nag="S3DefaultEncryptionKMS",
    ),
    *_judged("S3.17: it is public by nature.", "FrontendBucket", cdk_nag="S3DefaultEncryptionKMS"),
    *_judged(
        "VPCNoUnrestrictedRouteToIGW: the subnets of balancer and NAT gateways only.",
        "PublicRoute",
        guard="NO_UNRESTRICTED_ROUTE_TO_IGW",
        cdk_nag="VPCNoUnrestrictedRouteToIGW",
    ),
    *_judged(
        "W13: AWS knows no narrower resource for these actions.",
        *("BackendStackPolicy", "CloseDefaultGroupPolicy", "InstancePolicy"),
        *("ReleasePolicy", "RotationPolicy"),
        guard="IAM_POLICYDOCUMENT_NO_WILDCARD_RESOURCE",
        cfn_nag="W13",
    ),
    *_judged(
        "W13: only what a launch from the stack's own template names.",
        "ReleasePolicy",
        guard="IAM_ROLE_OR_POLICY_NO_ALLOW_PLUS_NOT_RESOURCE",
        cfn_nag="W23",
    ),
    *_judged(
        "CFN: the dashboard knows the name before the group exists.",
        *("BackendCpuAlarm", "CpuCreditsChargedAlarm", "CpuCreditsLowAlarm"),
        cfn_nag="W28",
    ),
    *_judged(
        "CFN: it sets no access list, so no public one.",
        *BUCKETS,
        guard="S3_BUCKET_NO_PUBLIC_RW_ACL",
    ),
    *_judged(
        "CFN: the false of its TLS condition is text.",
        *(f"{title}Policy" for title in BUCKETS),
        guard="S3_BUCKET_SSL_REQUESTS_ONLY",
    ),
)
