from __future__ import annotations

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from troposphere import Parameter, Template

from generator import console, shipped
from generator.errors import ClinicError
from generator.layers import network
from generator.layers.backend import LEAST, MOST
from generator.model.walk import nodes
from generator.parameters import rules, values
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
        (
            {
                **{"DomainName": "clinic.example", "CertificateArn": CERTIFICATE},
                **{"AlbDomainName": "clinic.example", "AlbCertificateArn": CERTIFICATE},
            },
            "SiteAndBalancerHaveTheirOwnNames",
        ),
        ({"MinInstances": "4", "MaxInstances": "4"}, "UpdateHasRoom"),
        ({"MinInstances": "3", "MaxInstances": "2"}, "UpdateHasRoom"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_created(changes, rule):
    assert broken(**changes) == [rule]


def test_every_maximum_is_refused_that_is_not_above_the_minimum_and_no_other():
    for least in LEAST:
        for most in MOST:
            refused = broken(MinInstances=str(least), MaxInstances=str(most))
            assert refused == ([] if most > least else ["UpdateHasRoom"]), (least, most)


def test_no_function_of_a_rule_has_more_conditions_than_aws_takes():
    for node in nodes(flat()["Rules"]):
        if isinstance(node, dict) and node.keys() & {"Fn::And", "Fn::Or"}:
            [conditions] = node.values()
            assert 2 <= len(conditions) <= 10


@pytest.mark.parametrize(
    "changes",
    [
        {"DomainName": "clinic.example", "CertificateArn": CERTIFICATE},
        {"AlbExposure": "cloudfront", "CloudFrontPrefixListId": "pl-3b927c52"},
        {"WarmPoolSize": "1", "BackendImage": IMAGE},
        {"MinInstances": "1", "MaxInstances": "10"},
        {"NatGateways": "per-zone", "Zones": "3"},
        {
            **{"DomainName": "clinic.example", "CertificateArn": CERTIFICATE},
            **{"AlbDomainName": "origin.clinic.example", "AlbCertificateArn": CERTIFICATE},
        },
    ],
)
def test_what_can_work_is_taken(changes):
    assert not broken(**changes)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        # Rules and conditions compare text, and to text 4.0 is another number than 4.
        ("MinInstances", "4.0"),
        ("MinInstances", "2.5"),
        ("MaxInstances", "04"),
        ("WarmPoolSize", "0.0"),
        # What AWS would refuse half an hour later.
        ("DatabaseClass", "db.m7g.micro"),
        ("DatabaseClass", "db.t4g.4xlarge"),
        ("DatabaseStorage", "901"),
        ("DatabaseUser", "user"),
        ("DatabaseUser", "rds_superuser"),
        ("DatabaseUser", "pg_monitor"),
        # An address inside the range instead of its first.
        ("VpcCidr", "10.0.1.0/16"),
        ("VpcCidr", "10.0.8.0/20"),
        ("VpcCidr", "10.01.0.0/16"),
    ],
)
def test_a_value_that_cannot_work_is_refused_before_anything_is_created(name, value):
    for template in (flat(), children()["root"]):
        assert values.check(value, template["Parameters"][name])


RANGES = st.from_regex(
    str(network.VPC_CIDR.AllowedPattern), fullmatch=True, alphabet=st.characters(codec="ascii")
)


@given(RANGES)
def test_every_address_range_that_is_taken_begins_at_its_first_address(text):
    assert ip_network(text.strip()).is_private


def test_both_forms_carry_the_same_rules():
    assert children()["root"]["Rules"] == flat()["Rules"]


def test_a_parameter_without_a_place_in_the_form_is_an_error_that_says_what_to_write():
    template = Template()
    template.add_parameter(Parameter("Forgotten", Type="String"))
    with pytest.raises(ClinicError) as refused:
        console.arrange(template)
    assert str(refused.value) == (
        "generator/form.toml has no place for the parameter Forgotten: write "
        "[groups.parameters.Forgotten] into one of its groups, and under it label = ... and "
        "spanish = ...."
    )


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('label = "Release"\n', "", "Release has no label"),
        ('spanish = "Entorno"', 'spanish = ""', "Environment has no spanish"),
        ("[[groups]]", "[[groups", "is no TOML"),
    ],
)
def test_a_slip_in_the_form_is_one_sentence(monkeypatch, old, new, words):
    text = shipped.text("generator", "form.toml")
    assert old in text
    monkeypatch.setattr(shipped, "text", lambda package, file: text.replace(old, new, 1))
    console.groups.cache_clear()
    with pytest.raises(ClinicError, match=words):
        console.groups()
    console.groups.cache_clear()


def test_the_form_of_the_root_also_asks_for_the_templates():
    form = children()["root"]["Metadata"]["AWS::CloudFormation::Interface"]
    assert "TemplateBaseUrl" in form["ParameterGroups"][0]["Parameters"]
