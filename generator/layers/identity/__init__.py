"""Who an instance is: the documented role ``Rol-EC2-Acceso-S3`` and exactly what it may do; and
the function that releases (release.py).

What it may do with things of the backend's own stack (its log, its signal) is said there, since
only that stack knows them.
"""

from __future__ import annotations

import awacs.aws as aws
import awacs.ecr
import awacs.s3
import awacs.secretsmanager
import awacs.ssm
import awacs.ssmmessages
from troposphere import Join, Ref, Sub, Template, iam

from generator.layer import Layer, Name, Values
from generator.layers.identity.release import release_function
from generator.layers.secrets import (
    CUSTOMER_KEY,
    CUSTOMER_KEY_ARN,
    DATABASE_SECRET_ARN,
    may_use_key,
)
from generator.layers.shared import (
    ENVIRONMENT_NAME,
    LOG_RETENTION_DAYS,
    allow,
    policy,
    tags,
)
from generator.layers.shared.roles import PERMISSIONS_BOUNDARY, role
from generator.layers.storage import (
    CONFIGURATION_BUCKET,
    DOCUMENTS_BUCKET,
    IMAGE_REPOSITORY_ARN,
)

INSTANCE_ROLE_NAME = Name(
    "InstanceRoleName", Type="String", Description="The role Rol-EC2-Acceso-S3."
)
INSTANCE_PROFILE_ARN = Name(
    "InstanceProfileArn", Type="String", Description="The profile that gives instances the role."
)
DOCUMENTS_POLICY_ARN = Name(
    "DocumentsPolicyArn",
    Type="String",
    Description="Policy to attach to whoever the backend reads and writes documents as.",
)

RELEASE_FUNCTION_NAME = Name(
    "ReleaseFunctionName", Type="String", Description="What `clinic release` calls."
)

ENV_FILE = ".env"

OWN_ACCOUNT = aws.Condition(aws.StringEquals({"aws:ResourceAccount": Ref("AWS::AccountId")}))
"""A bucket's name is free as soon as the bucket is gone, and somebody else's then."""


def build(template: Template, values: Values) -> Values:
    instance_role = role(
        template, values, "InstanceRole", "ec2", Tags=tags(values, "Rol-EC2-Acceso-S3")
    )
    instance_policy = iam.ManagedPolicy(
        "InstancePolicy",
        Description="One .env, one secret, one registry repository, Session Manager",
        PolicyDocument=policy(
            _read_env_file(values),
            _read_database_secret(values),
            *_pull_image(values),
            *_session_manager(),
            may_use_key(template, values, "s3", "secretsmanager"),
        ),
        Roles=[instance_role.ref()],
    )
    template.add_resource(instance_policy)
    profile = template.add_resource(
        iam.InstanceProfile("InstanceProfile", Roles=[instance_role.ref()])
    )
    documents = template.add_resource(
        iam.ManagedPolicy(
            "DocumentsPolicy",
            Description="Read and write the clinic's documents",
            PolicyDocument=policy(*_use_documents(values), may_use_key(template, values, "s3")),
        )
    )
    releases = release_function(template, values, instance_role.get_att("Arn"))
    return {
        INSTANCE_ROLE_NAME: instance_role.ref(),
        INSTANCE_PROFILE_ARN: profile.get_att("Arn"),
        DOCUMENTS_POLICY_ARN: documents.ref(),
        RELEASE_FUNCTION_NAME: releases.ref(),
    }


def _bucket_arn(bucket: object, path: str = "") -> Join:
    return Join("", [Sub("arn:${AWS::Partition}:s3:::"), bucket, path])


def _read_env_file(values: Values) -> aws.Statement:
    env_file = _bucket_arn(values[CONFIGURATION_BUCKET], f"/{ENV_FILE}")
    return allow([awacs.s3.GetObject], [env_file], Sid="ReadEnvFile", Condition=OWN_ACCOUNT)


def _read_database_secret(values: Values) -> aws.Statement:
    return allow(
        [awacs.secretsmanager.GetSecretValue],
        [values[DATABASE_SECRET_ARN]],
        Sid="ReadDatabaseSecret",
    )


def _pull_image(values: Values) -> list[aws.Statement]:
    return [
        # AWS knows no narrower resource for a registry login.
        allow([awacs.ecr.GetAuthorizationToken], ["*"], Sid="LogInToRegistry"),
        allow(
            [
                awacs.ecr.BatchCheckLayerAvailability,
                awacs.ecr.BatchGetImage,
                awacs.ecr.GetDownloadUrlForLayer,
            ],
            [values[IMAGE_REPOSITORY_ARN]],
            Sid="PullImage",
        ),
    ]


def _session_manager() -> list[aws.Statement]:
    """What a shell through Session Manager needs; AWS's own policy reads SSM parameters too."""
    instances = Sub("arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:instance/*")
    return [
        allow([awacs.ssm.UpdateInstanceInformation], [instances], Sid="ReportToSystemsManager"),
        allow(
            [
                awacs.ssmmessages.CreateControlChannel,
                awacs.ssmmessages.CreateDataChannel,
                awacs.ssmmessages.OpenControlChannel,
                awacs.ssmmessages.OpenDataChannel,
            ],
            ["*"],
            Sid="SessionManagerChannels",
        ),
    ]


def _use_documents(values: Values) -> list[aws.Statement]:
    return [
        allow(
            [awacs.s3.ListBucket],
            [_bucket_arn(values[DOCUMENTS_BUCKET])],
            Sid="ListDocuments",
            Condition=OWN_ACCOUNT,
        ),
        allow(
            [awacs.s3.GetObject, awacs.s3.PutObject, awacs.s3.DeleteObject],
            [_bucket_arn(values[DOCUMENTS_BUCKET], "/*")],
            Sid="UseDocuments",
            Condition=OWN_ACCOUNT,
        ),
    ]


IDENTITY = Layer(
    "Identity",
    build,
    owns=(
        "`Rol-EC2-Acceso-S3`, its instance profile, the policy for documents, the function that "
        "releases",
        "`Rol-EC2-Acceso-S3`, su instance profile, la política para documentos, la función que "
        "publica versiones",
    ),
    needs=(
        ENVIRONMENT_NAME,
        CUSTOMER_KEY,
        CUSTOMER_KEY_ARN,
        DATABASE_SECRET_ARN,
        CONFIGURATION_BUCKET,
        DOCUMENTS_BUCKET,
        IMAGE_REPOSITORY_ARN,
        PERMISSIONS_BOUNDARY,
        LOG_RETENTION_DAYS,
    ),
    offers=(
        INSTANCE_ROLE_NAME,
        INSTANCE_PROFILE_ARN,
        DOCUMENTS_POLICY_ARN,
        RELEASE_FUNCTION_NAME,
    ),
    # An instance reads with it; the profile itself, two minutes of waiting, does not wait for it.
    settles=("InstancePolicy",),
)
