"""Whom the load balancer's listeners serve, send to HTTPS or refuse."""

from __future__ import annotations

from typing import Any

from troposphere import And, Condition, Equals, If, Not, Ref, Template
from troposphere import elasticloadbalancingv2 as elb

from generator.layer import Provided, Values
from generator.layers.secrets import secret_value
from generator.layers.security import ALB_CERTIFICATE_ARN, ALB_EXPOSURE, HTTP, HTTPS
from generator.layers.shared import is_given
from generator.layers.shared.origin_header import (
    ORIGIN_VERIFY_SECOND_SECRET_ARN,
    ORIGIN_VERIFY_SECRET_ARN,
    origin_header,
)

VERIFY_HEADER = "X-Origin-Verify"
TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"

REFUSE = elb.Action(
    Type="fixed-response",
    FixedResponseConfig=elb.FixedResponseConfig(
        StatusCode="403", ContentType="text/plain", MessageBody="Only through the site."
    ),
)
TO_HTTPS = elb.Action(
    Type="redirect",
    # Not 301, which browsers keep for good, also after the certificate is taken away again.
    RedirectConfig=elb.RedirectConfig(Protocol="HTTPS", Port=str(HTTPS), StatusCode="HTTP_302"),
)


def add_listeners(
    template: Template, values: Values, balancer: elb.LoadBalancer, targets: Any
) -> tuple[Ref, Provided]:
    """Add the listeners for HTTP and, with a certificate, HTTPS; their ARNs, or the word none.

    ``targets`` is the target group that they serve from. The rules for CloudFront are added in the
    edge's layer (``add_origin_rules``), so that the instances do not wait for them.
    """
    certified = is_given(template, values, ALB_CERTIFICATE_ARN)
    by_header = template.add_condition("AlbWantsHeader", Equals(values[ALB_EXPOSURE], "cloudfront"))
    serve = If(by_header, REFUSE, elb.Action(Type="forward", TargetGroupArn=targets))
    http = template.add_resource(
        elb.Listener(
            "HttpListener",
            LoadBalancerArn=balancer.ref(),
            Port=HTTP,
            Protocol="HTTP",
            # CloudFront comes in here until it knows of a certificate: see the rule.
            DefaultActions=[If(certified, TO_HTTPS, serve)],
        )
    )
    https = template.add_resource(
        elb.Listener(
            "HttpsListener",
            Condition=certified,
            LoadBalancerArn=balancer.ref(),
            Port=HTTPS,
            Protocol="HTTPS",
            SslPolicy=TLS_POLICY,
            Certificates=[elb.Certificate(CertificateArn=values[ALB_CERTIFICATE_ARN])],
            DefaultActions=[serve],
        )
    )
    return http.ref(), Provided(certified, https.ref())


def add_origin_rules(template: Template, values: Values, http: Any, https: Any, targets: Any) -> If:
    """Add to each listener, by ARN, the rules that serve whoever knows the secret header; the one
    that is in use, which has to be there before CloudFront needs it."""
    # Where a certificate comes, the first of these is removed when all else is done, so CloudFront
    # is never sent to HTTPS, which would lead its visitors back to where they came from. Likewise
    # each value of the header has rules of its own.
    certified = is_given(template, values, ALB_CERTIFICATE_ARN)
    plain = template.add_condition("AlbServesCdnByHttp", Not(Condition(certified)))
    first, second = origin_header(template, values)
    secrets = values[ORIGIN_VERIFY_SECRET_ARN], values[ORIGIN_VERIFY_SECOND_SECRET_ARN]
    # Numbers 1 and 2 of these listeners may still be taken, by rules of an earlier form of this
    # template: a stack that is updated removes those when all else is done.
    made = [
        template.add_resource(
            elb.ListenerRule(
                title,
                Condition=template.add_condition(
                    f"Has{title}", And(Condition(protocol), Condition(value))
                ),
                ListenerArn=listener,
                Priority=number,
                Conditions=[_has_origin_header(secret)],
                Actions=[elb.ListenerRuleAction(Type="forward", TargetGroupArn=targets)],
            )
        ).ref()
        for title, protocol, value, listener, number, secret in (
            ("OriginVerifyRule", plain, first, http, 3, secrets[0]),
            ("OriginVerifyHttpsRule", certified, first, https, 4, secrets[0]),
            ("OriginVerifyRuleSecond", plain, second, http, 5, secrets[1]),
            ("OriginVerifyHttpsRuleSecond", certified, second, https, 6, secrets[1]),
        )
    ]
    return If(certified, If(first, made[1], made[3]), If(first, made[0], made[2]))


def _has_origin_header(secret: Any) -> elb.Condition:
    """The condition that a request has the secret header, which only CloudFront sends."""
    header = elb.HttpHeaderConfig(
        HttpHeaderName=VERIFY_HEADER, Values=[secret_value(secret, "value")]
    )
    return elb.Condition(Field="http-header", HttpHeaderConfig=header)
