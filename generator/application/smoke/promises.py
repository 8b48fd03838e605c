"""Every promise that the architecture makes to whoever comes from outside."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from generator.application.smoke import api, closed, pages
from generator.application.smoke.site import SmokeTarget


class Promise(NamedTuple):
    """Something that can be seen to hold."""

    name: str
    says: str
    prove: Callable[[SmokeTarget], str]
    """What was seen. Raises one of the three errors of ask.py, or OSError when nobody answers."""
    alone: bool = False
    """Whether CDN and bucket keep it alone, which is what an endpoint can play."""


PROMISES = (
    Promise("page", "/ is an HTML page", pages.page, alone=True),
    Promise("deep-link", "paths of the application are its page", pages.deep_link, alone=True),
    Promise("missing-asset", "a missing file is 404", pages.missing_asset, alone=True),
    Promise("api", "the health path answers 200", api.api),
    Promise("api-unknown", "an unknown route is 404 and JSON", api.unknown_route),
    Promise("api-post", "a POST reaches the backend whole", api.post),
    Promise("api-authorization", "Authorization reaches the backend", api.authorization),
    Promise("target-health", "the balancer's targets are healthy", api.targets),
    Promise("https-redirect", "http leads to https", pages.https_redirect, alone=True),
    Promise(
        "security-headers", "the CDN adds the security headers", pages.security_headers, alone=True
    ),
    Promise("compression", "text travels compressed", pages.compression),
    Promise("env-file", "/.env is refused", pages.env_file, alone=True),
    Promise("s3-direct", "S3 refuses whoever goes around the CDN", closed.bucket),
    Promise("balancer-direct", "the balancer serves whom it should", closed.balancer),
    Promise("port-3000", "the backend's port is shut", partial(closed.port, number=3000)),
    Promise("port-5432", "the database's port is shut", partial(closed.port, number=5432)),
    Promise("tls", "TLS 1.2 or newer, a valid certificate", closed.modern_tls),
    Promise("old-tls", "TLS 1.0 and 1.1 are refused", closed.old_tls),
)
