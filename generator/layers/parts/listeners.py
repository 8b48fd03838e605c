"""Whom the load balancer's listeners serve, send to HTTPS or refuse."""

from __future__ import annotations

from typing import Any

from troposphere import Condition, Equals, If, Not, Ref, Template
from troposphere import elasticloadbalancingv2 as elb

from generator.layer import Provided, Values
from generator.layers.secrets import (
    ORIGIN_VERIFY_SECRET_ARN,
    secret_value,
)
from generator.layers.security import ALB_CERTIFICATE_ARN, ALB_EXPOSURE, HTTP, HTTPS
from generator.layers.shared import is_given

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


def add_origin_rules(
    template: Template, values: Values, http: Any, https: Any, targets: Any
) -> None:
    """Add to each listener, by ARN, the rule that serves whoever knows the secret header."""
    # Where a certificate comes, the first of these is removed when all else is done, so CloudFront
    # is never sent to HTTPS, which would lead its visitors back to where they came from.
    certified = is_given(template, values, ALB_CERTIFICATE_ARN)
    plain = template.add_condition("AlbServesCdnByHttp", Not(Condition(certified)))
    # Numbers 1 and 2 of these listeners may still be taken, by rules of an earlier form of this
    # template: a stack that is updated removes those when all else is done.
    template.add_resource(_verified(values, "OriginVerifyRule", plain, http, 3, targets))
    template.add_resource(_verified(values, "OriginVerifyHttpsRule", certified, https, 4, targets))


def _verified(
    values: Values, title: str, condition: str, listener: Any, number: int, targets: Any
) -> elb.ListenerRule:
    """Whoever knows the secret header is the CDN and is served."""
    header = elb.HttpHeaderConfig(
        HttpHeaderName=VERIFY_HEADER,
        Values=[secret_value(values[ORIGIN_VERIFY_SECRET_ARN], "value")],
    )
    return elb.ListenerRule(
        title,
        Condition=condition,
        ListenerArn=listener,
        Priority=number,
        Conditions=[elb.Condition(Field="http-header", HttpHeaderConfig=header)],
        Actions=[elb.ListenerRuleAction(Type="forward", TargetGroupArn=targets)],
    )
