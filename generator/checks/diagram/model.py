"""What a picture shows, without any place on the paper and in no language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field

BROWSER, INTERNET = "browser", "internet"
"""Parts that no template makes."""


@dataclass(frozen=True)
class Part:
    """A box of the picture: a resource, the browser or the internet."""

    id: str
    """Its logical id, BROWSER or INTERNET."""
    kind: str
    """balancer, group, database, bucket, ...: a heading of labels.toml."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """What its lines may name; only known ones are there."""
    subnets: tuple[str, ...] = ()
    """Subnets in which it is, by logical id; none if it is outside the network."""


@dataclass(frozen=True)
class Arrow:
    """A connection or a use of one part by another."""

    source: str
    target: str
    kind: str
    """request, out (to the internet), read, pull, attach, backup or alarm."""
    text: str = ""
    """Ports, protocols, paths: what reads the same in every language."""


@dataclass(frozen=True)
class SubnetBox:
    """A subnet, its zone and where its default route leads."""

    id: str
    row: str
    """Subnets of one row are the same tier in different zones."""
    zone: str
    cidr: str
    way: str
    """public (internet gateway), private (NAT), isolated (no way out) or elsewhere (not known,
    since another template made it)."""
    gate: str = ""
    """The gateway that its default route leads to."""


@dataclass(frozen=True)
class Architecture:
    """All of a picture."""

    env: str
    region: str
    cidr: str
    """Of the network; empty if there is none."""
    subnets: tuple[SubnetBox, ...]
    parts: Mapping[str, Part]
    arrows: tuple[Arrow, ...]

    @property
    def zones(self) -> list[str]:
        """Zones by name."""
        return sorted({subnet.zone for subnet in self.subnets})

    @property
    def rows(self) -> dict[str, list[SubnetBox]]:
        """The tiers, the most public first."""
        rows: dict[str, list[SubnetBox]] = {}
        for subnet in self.subnets:
            rows.setdefault(subnet.row, []).append(subnet)
        order = ("public", "private", "elsewhere", "isolated")
        return dict(sorted(rows.items(), key=lambda row: order.index(row[1][0].way)))

    def of_kind(self, *kinds: str) -> Iterator[Part]:
        """Parts of some kinds, in the order of the templates."""
        return (part for part in self.parts.values() if part.kind in kinds)


def objects(architecture: Architecture) -> Iterator[dict[str, object]]:
    """Every subnet, part and arrow, for programs: which of them an object ``shows``, and its
    ``kind``."""
    for subnet in architecture.subnets:
        yield {"kind": "subnet", "shows": "subnet", **asdict(subnet)}
    for part in architecture.parts.values():
        yield {"shows": "part", **asdict(part)}
    for arrow in architecture.arrows:
        yield {"shows": "arrow", **asdict(arrow)}
