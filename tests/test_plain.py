"""Plain data is exactly what troposphere makes of a template, faults included."""

from __future__ import annotations

import json

import pytest
from troposphere import Parameter, Template
from troposphere.ec2 import Route
from troposphere.s3 import Bucket

from generator.architecture import templates
from generator.plain import plain


def test_every_template_is_what_troposphere_says_byte_for_byte() -> None:
    for path, template in templates().items():
        assert json.dumps(plain(template)) == json.dumps(template.to_dict()), path


def test_a_resource_without_properties_and_a_template_without_sections_are_kept() -> None:
    template = Template()
    template.add_resource(Bucket("Frontend"))
    assert plain(template) == template.to_dict()


@pytest.mark.parametrize(
    "faulty",
    [
        Route("Out", RouteTableId="rtb-1", GatewayId="igw-1", NatGatewayId="nat-1"),
        Route("Out", GatewayId="igw-1"),
    ],
)
def test_a_resource_that_troposphere_refuses_is_refused(faulty: Route) -> None:
    template = Template()
    template.add_resource(faulty)
    with pytest.raises(ValueError, match=r"Route"):
        template.to_dict()
    with pytest.raises(ValueError, match=r"Route"):
        plain(template)


def test_a_parameter_that_contradicts_itself_is_refused() -> None:
    template = Template()
    template.add_parameter(Parameter("Size", Type="String", MinValue=1))
    with pytest.raises(ValueError, match="MinValue"):
        plain(template)
