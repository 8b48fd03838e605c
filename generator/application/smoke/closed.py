"""What must be closed, and what the documented mode leaves open. Each gives what it saw, or raises.

No answer at all counts as closed; a test from inside the network may get one.
"""

from __future__ import annotations

import ssl

from generator.application.smoke.ask import (
    BrokenError,
    ServerAddress,
    UndecidedError,
    UntestedError,
    ask,
    ask_url,
    can_offer,
    connects,
    describe_error,
    handshake,
)
from generator.application.smoke.site import SmokeTarget

OLD = {ssl.TLSVersion.TLSv1: "TLS 1.0", ssl.TLSVersion.TLSv1_1: "TLS 1.1"}
NOT_KNOWN = "only the stack knows it: give the environment instead of an address"


def bucket(site: SmokeTarget) -> str:
    if not site.buckets:
        raise UntestedError(NOT_KNOWN)
    for what, url in site.buckets.items():
        try:
            answer = ask_url(url)
        except OSError as error:
            raise UndecidedError(
                f"the {what} bucket was not asked: {describe_error(error)}"
            ) from error
        if answer.status != 403:
            raise BrokenError(f"the {what} bucket answers {answer} to anybody")
    return f"403 from {len(site.buckets)} buckets"


def balancer(site: SmokeTarget) -> str:
    if site.balancer is None:
        raise UntestedError(NOT_KNOWN)
    is_open = site.exposure == "public"
    try:
        answer = ask(ServerAddress(*site.balancer, tls=False), site.health)
    except OSError as error:
        if is_open:
            raise BrokenError(f"the balancer does not answer: {describe_error(error)}") from error
        _within_reach(site)
        return f"closed: {describe_error(error)}"
    if is_open:
        if answer.status not in (200, 301):
            raise BrokenError(f"the balancer answers {answer}")
        return f"{answer}: open to everybody, as documented"
    if site.exposure == "private" or answer.status != 403:
        raise BrokenError(f"the balancer answers {answer} around the CDN")
    return f"{answer}"


def port(site: SmokeTarget, number: int) -> str:
    if not site.shut.get(number):
        raise UntestedError(NOT_KNOWN)
    for host, at in site.shut[number]:
        if connects(host, at):
            raise BrokenError(f"{host} answers on {at}")
    _within_reach(site)
    return "nobody answers"


def modern_tls(site: SmokeTarget) -> str:
    _wants_tls(site)
    return handshake(site.address)


def old_tls(site: SmokeTarget) -> str:
    _wants_tls(site)
    silent = [name for version, name in OLD.items() if not can_offer(version)]
    for version, name in OLD.items():
        if name not in silent and _agrees(site, version):
            if site.address.host.endswith(".cloudfront.net"):
                raise UndecidedError(
                    f"{name} is accepted, as on every name of CloudFront's own: DomainName and "
                    "CertificateArn end that"
                )
            raise BrokenError(f"{name} is accepted")
    if silent:
        raise UndecidedError(f"this machine's OpenSSL cannot offer {' and '.join(silent)}")
    return "refused"


def _within_reach(site: SmokeTarget) -> None:
    """The silence of others means something only where the site itself is heard."""
    if not connects(site.address.host, site.address.port):
        raise UndecidedError("the site itself is out of reach from here, so silence proves nothing")


def _agrees(site: SmokeTarget, version: ssl.TLSVersion) -> bool:
    try:
        handshake(site.address, version)
    except (ssl.SSLError, ConnectionError) as error:
        if isinstance(error, ConnectionRefusedError):
            raise
        return False
    return True


def _wants_tls(site: SmokeTarget) -> None:
    if not site.address.tls:
        raise UntestedError("the address is plain HTTP")
