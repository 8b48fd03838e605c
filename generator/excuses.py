"""Every finding that is not mended, with the reason why. One table for all tools.

A rule without an excuse fails the gate, and an excuse that excuses nothing fails the tests: which
ones a run needs depends on its parameter files.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any, NamedTuple


class Excuse(NamedTuple):
    """Why a rule does not apply somewhere."""

    rule: str
    place: str
    """A pattern for the finding's place; ``*`` stands for any text, ``/`` included."""
    reason: str
    carried: bool = False
    """Whether plain cfn-lint says it too, so that the templates carry it in their Metadata."""


EXCUSES = (
    Excuse(
        "W2001",
        "Parameters/TemplateBaseUrl",
        "cfn-lint sees the root with local TemplateURLs, so that it compares parent and child; "
        "the parameter is used in every TemplateURL of the real one.",
    ),
    Excuse(
        "W3002",
        "Resources/*Stack/Properties/TemplateURL",
        "For the same reason: the real TemplateURLs are https addresses.",
    ),
    Excuse(
        "I9001",
        "Resources/*",
        "Says of every create-only property that it is one; the change preview says so when "
        "such a property really changes.",
    ),
    Excuse(
        "I4010",
        "*",
        "A description of the architecture for machines; ours is the README and the layers.",
    ),
    Excuse(
        "I9040",
        "Resources/*",
        "CloudFormation hands the tags of the stack on to every resource that takes tags.",
    ),
    Excuse(
        "I1022",
        "*",
        "A part that is a Ref in one form is an attribute or another stack's output in the other: "
        "Fn::Join takes them all, Fn::Sub would need a name for each.",
    ),
    Excuse(
        "I3042",
        "Resources/*/Properties/*",
        "The policies for people name the partition aws, as files that nothing fills in; the "
        "reason is in generator/policies/grants.py.",
    ),
    Excuse(
        "W1001",
        "Outputs/*/Fn::If/1*",
        "The Fn::If around the reference has the condition of the resource itself.",
    ),
    Excuse(
        "W1028",
        "Resources/NatGatewayC/Properties/SubnetId/*",
        "In flat the list of subnets is itself an Fn::If over the third zone, and this gateway "
        "exists only with that zone.",
        carried=True,
    ),
    Excuse(
        "W1028",
        "Resources/DocumentsMountTargetC/Properties/SubnetId/*",
        "In flat the list of subnets is itself an Fn::If over the third zone, and this mount "
        "target exists only with that zone.",
        carried=True,
    ),
    Excuse(
        "W3005",
        "Resources/OriginVerifyRule*/DependsOn*",
        "In flat each resource of a layer waits for what settles the layers that it reads, and "
        "this one also names the listener.",
        carried=True,
    ),
    Excuse(
        "W1028",
        "Resources/AppRouteC/Properties/RouteTableId/*",
        "In flat the list of route tables is itself an Fn::If over the third zone, and this route "
        "exists only with that zone.",
        carried=True,
    ),
    Excuse(
        "W2509",
        "Parameters/*SecretArn",
        "The ARN of a secret is not secret, and hidden it could not be told from another one.",
    ),
    Excuse(
        "E9006",
        "Resources/Database/Properties/StorageEncrypted",
        "Left out only when a snapshot is restored, whose own encryption RDS then takes over.",
    ),
    Excuse(
        "W9008",
        "Resources/Database/Properties/StorageEncrypted",
        "Left out only when a snapshot is restored, whose own encryption RDS then takes over.",
    ),
    Excuse(
        "W1030",
        "*/AlbWebAclArn/Default",
        "The association that takes the ARN exists only if one is given.",
    ),
    Excuse(
        "W1030",
        "Resources/AlbWebAcl/Properties/WebACLArn",
        "The association exists only if an ARN is given.",
    ),
    Excuse(
        "W1030",
        "Resources/LaunchTemplate/Properties/LaunchTemplateData/ImageId",
        "A launch template takes resolve:ssm:<name> in the place of an image's id.",
    ),
    Excuse(
        "W9003",
        "Resources/LaunchTemplate/*/AssociatePublicIpAddress",
        "What crosses a stack's boundary is text, and CloudFormation takes true for a boolean.",
    ),
    *(
        Excuse(
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
    Excuse(
        "W9002",
        "Resources/AlbWebAcl/Properties/WebACLArn",
        "It is a parameter; the validator sees the value that was given for it.",
    ),
    Excuse(
        "W2506",
        "Parameters/MachineImage*",
        "Takes resolve:ssm:<name> too, which no parameter type for images allows.",
        carried=True,
    ),
)


def fitting(rule: str, place: str) -> list[Excuse]:
    """The excuses that cover a finding."""
    return [one for one in EXCUSES if one.rule == rule and fnmatchcase(place, one.place)]


def metadata(template: Mapping[str, Any]) -> dict[str, list[str]]:
    """The rules that cfn-lint has to be told of, by logical id; "" for the whole template, where
    those of parameters have to stand."""
    found: dict[str, list[str]] = {}
    for excuse in EXCUSES:
        section, title, *_ = (*excuse.place.split("/"), "")
        for name in template.get(section, ()) if excuse.carried else ():
            if fnmatchcase(name, title):
                rules = found.setdefault(name if section == "Resources" else "", [])
                rules += [] if excuse.rule in rules else [excuse.rule]
    return found


def carry(template: dict[str, Any]) -> dict[str, Any]:
    """``template`` with what plain cfn-lint has to be told in it."""
    for name, rules in metadata(template).items():
        owner = template["Resources"][name] if name else template
        owner.setdefault("Metadata", {})["cfn-lint"] = {"config": {"ignore_checks": rules}}
    return template
