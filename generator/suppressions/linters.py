"""Findings of what ``clinic check`` asks."""

from __future__ import annotations

from generator.suppressions.suppression import Suppression

ROWS = (
    Suppression(
        "W2001",
        "Parameters/TemplateBaseUrl",
        "cfn-lint sees the root with local TemplateURLs, so that it compares parent and child; "
        "the parameter is used in every TemplateURL of the real one.",
    ),
    Suppression(
        "W3002",
        "Resources/*Stack/Properties/TemplateURL",
        "For the same reason: the real TemplateURLs are https addresses.",
    ),
    Suppression(
        "I9001",
        "Resources/*",
        "Says of every create-only property that it is one; the change preview says so when "
        "such a property really changes.",
    ),
    Suppression(
        "I4010",
        "*",
        "A description of the architecture for machines; ours is the README and the layers.",
    ),
    Suppression(
        "I9040",
        "Resources/*",
        "CloudFormation hands the tags of the stack on to every resource that takes tags.",
    ),
    Suppression(
        "I1022",
        "*",
        "A part that is a Ref in one form is an attribute or another stack's output in the other: "
        "Fn::Join takes them all, Fn::Sub would need a name for each.",
    ),
    Suppression(
        "I3042",
        "Resources/*/Properties/*",
        "The policies for people name the partition aws, as files that nothing fills in; the "
        "reason is in generator/policies/grants.py.",
    ),
    Suppression(
        "W1001",
        "Outputs/*/Fn::If/1*",
        "The Fn::If around the reference has the condition of the resource itself.",
    ),
    Suppression(
        "W1028",
        "Resources/NatGatewayC/Properties/SubnetId/*",
        "In flat the list of subnets is itself an Fn::If over the third zone, and this gateway "
        "exists only with that zone.",
        carried=True,
    ),
    Suppression(
        "W1028",
        "Resources/DocumentsMountTargetC/Properties/SubnetId/*",
        "In flat the list of subnets is itself an Fn::If over the third zone, and this mount "
        "target exists only with that zone.",
        carried=True,
    ),
    Suppression(
        "W3005",
        "Resources/OriginVerifyRule*/DependsOn*",
        "In flat each resource of a layer waits for what settles the layers that it reads, and "
        "this one also names the listener.",
        carried=True,
    ),
    Suppression(
        "W1028",
        "Resources/AppRouteC/Properties/RouteTableId/*",
        "In flat the list of route tables is itself an Fn::If over the third zone, and this route "
        "exists only with that zone.",
        carried=True,
    ),
    Suppression(
        "W2509",
        "Parameters/*SecretArn",
        "The ARN of a secret is not secret, and hidden it could not be told from another one.",
    ),
    Suppression(
        "E9006",
        "Resources/Database/Properties/StorageEncrypted",
        "Left out only when a snapshot is restored, whose own encryption RDS then takes over.",
    ),
    Suppression(
        "W9008",
        "Resources/Database/Properties/StorageEncrypted",
        "Left out only when a snapshot is restored, whose own encryption RDS then takes over.",
    ),
    Suppression(
        "W1030",
        "*/AlbWebAclArn/Default",
        "The association that takes the ARN exists only if one is given.",
    ),
    Suppression(
        "W1030",
        "Resources/AlbWebAcl/Properties/WebACLArn",
        "The association exists only if an ARN is given.",
    ),
    Suppression(
        "W1030",
        "Resources/LaunchTemplate/Properties/LaunchTemplateData/ImageId",
        "A launch template takes resolve:ssm:<name> in the place of an image's id.",
    ),
    Suppression(
        "W9003",
        "Resources/LaunchTemplate/*/AssociatePublicIpAddress",
        "What crosses a stack's boundary is text, and CloudFormation takes true for a boolean.",
    ),
    *(
        Suppression(
            "I3011",
            f"Resources/{title}",
            "Both policies are stated; the validator misses them where the resource's own "
            "condition does not hold.",
        )
        for title in (
            "BackupVault",
            "CloseDefaultGroupLogGroup",
            "CustomerKeyResource",
            "DocumentsBackupVault",
            "DocumentsFileSystemResource",
            "FlowLogGroup",
            "OriginVerifySecret",
            "OriginVerifySecretSecond",
            "RotationLogGroup",
        )
    ),
    Suppression(
        "W9002",
        "Resources/AlbWebAcl/Properties/WebACLArn",
        "It is a parameter; the validator sees the value that was given for it.",
    ),
    Suppression(
        "W2506",
        "Parameters/MachineImage*",
        "Takes resolve:ssm:<name> too, which no parameter type for images allows.",
        carried=True,
    ),
)
