"""CloudFront's managed policies, which templates name by their ids: what each forwards and keeps.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-origin-request-policies.html
(read on 24 November 2026). A policy that AWS adds later is unknown until it has its line here.
"""

from __future__ import annotations

from typing import NamedTuple

NONE, SOME, ALL = range(3)
"""How much of the viewer's cookies or query string is forwarded."""


class Forwarding(NamedTuple):
    """What a policy forwards to the origin, and whether responses are cached."""

    authorization: bool
    cookies: int
    queries: int
    keeps: bool = False
    """Whether a cache policy lets answers be kept at all."""

    def __or__(self, other: tuple[object, ...]) -> Forwarding:
        """What a cache policy and an origin request policy forward together."""
        assert isinstance(other, Forwarding)
        return Forwarding(
            self.authorization or other.authorization,
            max(self.cookies, other.cookies),
            max(self.queries, other.queries),
            self.keeps,
        )


NOTHING = Forwarding(False, NONE, NONE)

CACHE = {
    # Amplify
    "2e54312d-136d-493c-8eb9-b001f22f67d2": Forwarding(True, ALL, ALL, keeps=True),
    # CachingDisabled
    "4135ea2d-6df8-44a3-9df3-4b5a84be39ad": NOTHING,
    # CachingOptimized
    "658327ea-f89d-4fab-a63d-7e88639e58f6": Forwarding(False, NONE, NONE, keeps=True),
    # CachingOptimizedForUncompressedObjects
    "b2884449-e4de-46a7-ac36-70bc7f1ddd6d": Forwarding(False, NONE, NONE, keeps=True),
    # Elemental-MediaPackage
    "08627262-05a9-4f76-9ded-b50ca2e3a84f": Forwarding(False, NONE, SOME, keeps=True),
    # UseOriginCacheControlHeaders
    "83da9c7e-98b4-4e11-a168-04f0df8e2c65": Forwarding(False, ALL, NONE, keeps=True),
    # UseOriginCacheControlHeaders-QueryStrings
    "4cc15a8a-d715-48a4-82b8-cc0b614638fe": Forwarding(False, ALL, ALL, keeps=True),
}
ORIGIN_REQUEST = {
    # AllViewer
    "216adef6-5c7f-47e4-b989-5492eafa07d3": Forwarding(True, ALL, ALL),
    # AllViewerAndCloudFrontHeaders-2022-06
    "33f36d7e-f396-46d9-90e0-52428a34d9dc": Forwarding(True, ALL, ALL),
    # AllViewerExceptHostHeader
    "b689b0a8-53d0-40ab-baf2-68738e2966ac": Forwarding(True, ALL, ALL),
    # CORS-CustomOrigin
    "59781a5b-3903-41f3-afcb-af62929ccde1": NOTHING,
    # CORS-S3Origin
    "88a5eaf4-2fd4-4709-b370-b4c650ea3fcf": NOTHING,
    # Elemental-MediaTailor-PersonalizedManifests
    "775133bc-15f2-49f9-abea-afb2e0bf67d2": Forwarding(False, NONE, ALL),
    # HostHeaderOnly
    "bf0718e1-ba1e-49d1-88b1-f726733018ae": NOTHING,
    # UserAgentRefererHeaders
    "acba4595-bd28-49b8-b9fe-13317c0390fa": NOTHING,
}
