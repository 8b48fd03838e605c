"""The instance metadata service, with its versions, hop limit and each instance's role."""

from __future__ import annotations

import json
import secrets
import socket
from dataclasses import dataclass, field
from typing import Any

from generator.twin.namespaces import listener
from generator.twin.network import METADATA, ROUTER
from generator.twin.services import Handler, serve

LIFE = "X-aws-ec2-metadata-token-ttl-seconds"
NEVER = "2099-01-01T00:00:00Z"


@dataclass(frozen=True)
class InstanceMetadata:
    """What the instance metadata service returns for one instance."""

    instance: str
    address: str
    options: dict[str, Any]
    """MetadataOptions of the launch template."""
    role: str
    """Physical name; empty without an instance profile."""
    key: str

    @property
    def enabled(self) -> bool:
        return str(self.options.get("HttpEndpoint", "enabled")) == "enabled"

    @property
    def hop_limit(self) -> int:
        """HttpPutResponseHopLimit: hops that a token's response may travel; the default is 1."""
        return int(self.options.get("HttpPutResponseHopLimit", 1))

    def values(self) -> dict[str, str]:
        """Answers by path under ``/latest/meta-data/``."""
        known = {"instance-id": self.instance, "local-ipv4": self.address}
        if self.role:
            keys = {
                # AWS's own clients, as Docker's log driver has one, take no keys without it.
                "Code": "Success",
                "Type": "AWS-HMAC",
                "AccessKeyId": self.key,
                "SecretAccessKey": "twin/secret+key",
                "Token": "twin-session-token",
                "Expiration": NEVER,
            }
            place = "iam/security-credentials/"
            known |= {place: self.role, f"{place}{self.role}": json.dumps(keys)}
        return known


@dataclass
class Metadata:
    """The service; it tells instances apart by the address that asks."""

    instances: dict[str, InstanceMetadata] = field(default_factory=dict)
    """By private address."""
    tokens: dict[str, str] = field(default_factory=dict)
    """Addresses by token."""

    def start(self) -> None:
        """Listen where every instance asks."""
        serve(listener(ROUTER, METADATA, 80), _Service, self)


class _Service(Handler):
    owner: Metadata

    def do_PUT(self) -> None:
        """Hand out a token; the response lives for as many hops as the instance allows."""
        who = self.owner.instances.get(self.client_address[0])
        if not who or not who.enabled or self.path != "/latest/api/token":
            return self.respond(404)
        self.connection.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, who.hop_limit)
        token = secrets.token_hex(16)
        self.owner.tokens[token] = who.address
        return self.respond(200, token, [(LIFE, self.headers.get(LIFE, "21600"))])

    def do_GET(self) -> None:
        """Answer to a token's bearer, or to anybody where version 1 is allowed."""
        who = self.owner.instances.get(self.client_address[0])
        if not who or not who.enabled:
            return self.respond(404)
        token = self.headers.get("X-aws-ec2-metadata-token", "")
        needed = who.options.get("HttpTokens") == "required" or bool(token)
        if needed and self.owner.tokens.get(token) != who.address:
            return self.respond(401)
        value = who.values().get(self.path.removeprefix("/latest/meta-data/"))
        return self.respond(404) if value is None else self.respond(200, value)
