from __future__ import annotations

import pytest
from troposphere import Parameter, Template

from generator import console
from generator.checks import rules
from tests.resolved import CERTIFICATE, ENVIRONMENTS, IMAGE, children, flat, parameters


def broken(**changes: str) -> list[str]:
    """Names of the rules that the seed, changed, breaks."""
    given = parameters("seed", **changes)
    return [name for name, _ in rules.broken(flat()["Rules"], flat()["Parameters"], given)]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_parameter_files_break_no_rule(environment):
    given = parameters(environment)
    assert not list(rules.broken(flat()["Rules"], flat()["Parameters"], given))


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"DomainName": "clinic.example"}, "DomainHasItsCertificate"),
        ({"CertificateArn": CERTIFICATE}, "DomainHasItsCertificate"),
        ({"AlbCertificateArn": CERTIFICATE}, "AlbCertificateHasItsName"),
        ({"AlbDomainName": "origin.clinic.example"}, "AlbCertificateHasItsName"),
        ({"AlbExposure": "cloudfront"}, "CdnNeedsItsPrefixList"),
        ({"AlbExposure": "private"}, "CdnNeedsItsPrefixList"),
        ({"WarmPoolSize": "1"}, "WarmPoolNeedsAnImage"),
        ({"HostedZoneId": "Z0123456789ABC"}, "ZoneHasSomethingToName"),
        ({"MinInstances": "4", "MaxInstances": "4"}, "MoreThan4Instances"),
        ({"MinInstances": "3", "MaxInstances": "2"}, "MoreThan3Instances"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_created(changes, rule):
    assert broken(**changes) == [rule]


@pytest.mark.parametrize(
    "changes",
    [
        {"DomainName": "clinic.example", "CertificateArn": CERTIFICATE},
        {"AlbExposure": "cloudfront", "CloudFrontPrefixListId": "pl-3b927c52"},
        {"WarmPoolSize": "1", "BackendImage": IMAGE},
        {"MinInstances": "1", "MaxInstances": "10"},
        {"NatGateways": "per-zone", "Zones": "3"},
    ],
)
def test_what_can_work_is_taken(changes):
    assert not broken(**changes)


def test_both_forms_carry_the_same_rules():
    assert children()["root"]["Rules"] == flat()["Rules"]


def test_a_parameter_without_a_place_in_the_form_is_an_error():
    template = Template()
    template.add_parameter(Parameter("Forgotten", Type="String"))
    with pytest.raises(KeyError, match="Forgotten"):
        console.arrange(template)


def test_the_form_of_the_root_also_asks_for_the_templates():
    form = children()["root"]["Metadata"]["AWS::CloudFormation::Interface"]
    assert "TemplateBaseUrl" in form["ParameterGroups"][0]["Parameters"]
