"""The header by which the balancer knows CloudFront, and how it gets another value.

Two secrets in turn: the one that comes into use is made anew, its rules are there before CloudFront
sends its value, and the former one goes in the clean-up with its rules.
"""

from __future__ import annotations

from troposphere import Condition, Equals, Not, Template

from generator.layer import Name, Values
from generator.layers.shared import choice

ORIGIN_HEADER = choice(
    "OriginHeader",
    "Which of two generated values CloudFront shows the balancer. Change it to the other one for a "
    "new value; nobody is turned away meanwhile.",
    "first",
    "second",
)
ORIGIN_VERIFY_SECRET_ARN = Name(
    "OriginVerifySecretArn",
    Type="String",
    Description="Secret of the header by which the balancer knows the CDN, or none.",
)
ORIGIN_VERIFY_SECOND_SECRET_ARN = Name(
    "OriginVerifySecondSecretArn",
    Type="String",
    Description="The second secret of that header, or none.",
)
ORIGIN_SECRETS = ("OriginVerifySecret", "OriginVerifySecretSecond")
"""Logical ids of the first secret, which was the only one once, and of the second."""


def origin_header(template: Template, values: Values) -> tuple[str, str]:
    """The conditions that the header has its first value, and that it has its second one.

    Each secret exists only while it is in use: what is not wanted any more goes in the clean-up,
    so the former value outlives the change of the distribution, and a rollback finds it.
    """
    first = template.add_condition("OriginHeaderIsFirst", Equals(values[ORIGIN_HEADER], "first"))
    return first, template.add_condition("OriginHeaderIsSecond", Not(Condition(first)))
