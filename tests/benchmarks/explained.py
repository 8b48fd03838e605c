"""Which line of docs/security.md's table of controls answers what a judge objects to in prod."""

from __future__ import annotations

EXPLAINED = {
    **dict.fromkeys(("CKV_AWS_117", "LambdaInsideVPC", "lambda_inside_vpc_check"), "Lambda.3"),
    **dict.fromkeys(("LAMBDA_INSIDE_VPC", "W89"), "Lambda.3"),
    **dict.fromkeys(("CKV_AWS_116", "LambdaDLQ", "LAMBDA_DLQ_CHECK"), "CKV_AWS_116"),
    **dict.fromkeys(("CKV_AWS_115", "LambdaConcurrency", "W92"), "CKV_AWS_115"),
    "LAMBDA_CONCURRENCY_CHECK": "CKV_AWS_115",
    **dict.fromkeys(("CKV_AWS_2", "CKV_AWS_103", "ALBHttpToHttpsRedirection"), "ELB.1,"),
    **dict.fromkeys(
        ("ELBv2ACMCertificateRequired", "alb_http_to_https_redirection_check"), "ELB.1,"
    ),
    **dict.fromkeys(("ELBV2_LISTENER_PROTOCOL_RULE", "ELBV2_LISTENER_SSL_POLICY_RULE"), "ELB.1,"),
    **dict.fromkeys(("AWS-0054", "W56"), "ELB.1,"),
    **dict.fromkeys(("CKV_AWS_68", "ALBWAFEnabled", "AWS-0011"), "ELB.16,"),
    **dict.fromkeys(("CKV_AWS_174", "AWS-0013", "W70"), "CloudFront.7,"),
    **{
        f"cloudfront_{what}_check": "CloudFront.7,"
        for what in ("custom_ssl_certificate", "security_policy", "sni_enabled")
    },
    **{
        f"CLOUDFRONT_{what}": "CloudFront.7,"
        for what in ("CUSTOM_SSL_CERTIFICATE", "MINIMUM_PROTOCOL_VERSION_RULE", "SNI_ENABLED")
    },
    "cloudfront_origin_failover_enabled_check": "CloudFront.4",
    "CLOUDFRONT_ORIGIN_FAILOVER_ENABLED": "CloudFront.4",
    **dict.fromkeys(("S3BucketReplicationEnabled", "S3_BUCKET_REPLICATION_ENABLED"), "S3.7"),
    **dict.fromkeys(("CKV_AWS_18", "s3_bucket_logging_enabled_check"), "S3.9"),
    **dict.fromkeys(("S3_BUCKET_LOGGING_ENABLED", "W35"), "S3.9"),
    **dict.fromkeys(
        ("s3_bucket_object_lock_enabled_check", "S3_BUCKET_DEFAULT_LOCK_ENABLED"), "S3.15"
    ),
    **dict.fromkeys(("S3DefaultEncryptionKMS", "s3_bucket_default_encryption_kms_check"), "S3.17"),
    "AWS-0132": "S3.17",
    "SecretsManagerRotationEnabled": "SecretsManager.1",
    "SECRETSMANAGER_ROTATION_ENABLED_CHECK": "SecretsManager.1",
    "VPCNoUnrestrictedRouteToIGW": "VPCNoUnrestrictedRouteToIGW",
    "NO_UNRESTRICTED_ROUTE_TO_IGW": "VPCNoUnrestrictedRouteToIGW",
    **dict.fromkeys(("AWS-0104", "W5", "EC2_SECURITY_GROUP_EGRESS_OPEN_TO_WORLD_RULE"), "AWS-0104"),
    **dict.fromkeys(("W13", "IAM_POLICYDOCUMENT_NO_WILDCARD_RESOURCE"), "W13"),
    "rds_instance_no_default_ports_check": "RDS.23",
    "autoscaling_mixed_instances_policy_multiple_instance_types_check": "AutoScaling.6",
    "F24": "F24",
    **{
        f"RDS_MASTER_USER_{part}_{rule}": "F24"
        for part in ("NAME", "PASSWORD")
        for rule in ("NO_PLAINTEXT_PASSWORD", "USES_SECURE_PARAMETER", "USES_SECURE_SERVICE")
    },
    **dict.fromkeys(("autoscaling_multiple_az_check", "CFN_NO_EXPLICIT_RESOURCE_NAMES"), "CFN"),
    **dict.fromkeys(("CLOUDFRONT_ORIGIN_ACCESS_IDENTITY_ENABLED", "W28"), "CFN"),
    **dict.fromkeys(("S3_BUCKET_NO_PUBLIC_RW_ACL", "S3_BUCKET_SSL_REQUESTS_ONLY", "W58"), "CFN"),
}
"""The line of the table of controls in docs/security.md, by its first word, that answers a rule."""
