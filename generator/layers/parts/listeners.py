"""Whom the load balancer's listeners serve, send to HTTPS or refuse."""

from __future__ import annotations

from troposphere import If, Template
from troposphere import elasticloadbalancingv2 as elb

from generator.layer import Values
from generator.layers.secrets import (
    ORIGIN_VERIFY_SECRET_ARN,
    only_cdn_with_header,
    secret_value,
)
from generator.layers.security import ALB_CERTIFICATE_ARN, HTTP, HTTPS
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
    RedirectConfig=elb.RedirectConfig(Protocol="HTTPS", Port=str(HTTPS), StatusCode="HTTP_301"),
)


def add_listeners(
    template: Template, values: Values, balancer: elb.LoadBalancer, targets: elb.TargetGroup
) -> None:
    """Add the listeners for HTTP and, with a certificate, HTTPS, and the rule for CloudFront."""
    certified = is_given(template, values, ALB_CERTIFICATE_ARN)
    forward = elb.Action(Type="forward", TargetGroupArn=targets.ref())
    serve = If(only_cdn_with_header(template, values), REFUSE, forward)
    http = template.add_resource(
        elb.Listener(
            "HttpListener",
            LoadBalancerArn=balancer.ref(),
            Port=HTTP,
            Protocol="HTTP",
            # Without a certificate CloudFront comes in here: a redirect would be a loop.
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
    entry = If(certified, https.ref(), http.ref())
    template.add_resource(_verified(template, values, entry, targets))


def _verified(
    template: Template, values: Values, entry: If, targets: elb.TargetGroup
) -> elb.ListenerRule:
    """Whoever knows the secret header is the CDN and is served."""
    header = elb.HttpHeaderConfig(
        HttpHeaderName=VERIFY_HEADER,
        Values=[secret_value(values[ORIGIN_VERIFY_SECRET_ARN], "value")],
    )
    return elb.ListenerRule(
        "OriginVerifyRule",
        Condition=only_cdn_with_header(template, values),
        ListenerArn=entry,
        Priority=1,
        Conditions=[elb.Condition(Field="http-header", HttpHeaderConfig=header)],
        Actions=[elb.ListenerRuleAction(Type="forward", TargetGroupArn=targets.ref())],
    )
