"""Each promise holds on a stage that plays the architecture, and breaks when one thing is wrong."""

from __future__ import annotations

import json
import ssl
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from generator.application.smoke import pages
from generator.application.smoke.ask import Way, can_offer
from generator.application.smoke.conclude import conclude
from generator.application.smoke.promises import PROMISES
from generator.application.smoke.prove import Result, prove
from generator.application.smoke.site import Site
from generator.errors import ClinicError
from generator.report import Report
from tests.cloud import small

from .stage import HTML, JSON, PAGE, XML, Play, Reply, Request, Stage, cdn, refusal, staged

NAMES = [promise.name for promise in PROMISES]


def results(site: Site, *names: str) -> dict[str, Result]:
    chosen = [promise for promise in PROMISES if promise.name in (names or NAMES)]
    return {result.name: result for result in prove(site, chosen)}


def test_every_promise_holds_where_all_is_well(certificate: Path) -> None:
    with staged(certificate) as stage:
        told = results(stage.site)
    assert {name: r.status for name, r in told.items()} == dict.fromkeys(NAMES, "ok"), told
    assert list(told) == NAMES
    assert all(result.reason for result in told.values())


def test_asking_makes_nothing_and_the_post_carries_body_and_authorization(
    certificate: Path,
) -> None:
    with staged(certificate) as stage:
        results(stage.site)
    posts = [request for request in stage.heard if request.method != "GET"]
    assert [request.path for request in posts] == ["/api/autenticacion/inicio-sesion"]
    assert json.loads(posts[0].body)["correo"].endswith(".invalid")
    assert posts[0].headers["Authorization"].startswith("Bearer ")


def changed(path: str, reply: Reply | Callable[[Reply], Reply]) -> Play:
    """The CDN, with another answer at one path."""

    def play(request: Request) -> Reply:
        usual = cdn(request)
        if request.path != path and not (path.endswith("*") and request.path.startswith(path[:-1])):
            return usual
        if isinstance(reply, Reply):
            return replace(reply, headers={**usual.headers, **reply.headers})
        return reply(usual)

    return play


def without(name: str) -> Callable[[Reply], Reply]:
    def drop(usual: Reply) -> Reply:
        return replace(usual, headers={k: v for k, v in usual.headers.items() if k != name})

    return drop


def uncompressed(request: Request) -> Reply:
    del request.headers["Accept-Encoding"]
    return cdn(request)


def no_post(request: Request) -> Reply:
    return Reply(403, HTML, b"<html>cloudfront") if request.method == "POST" else cdn(request)


def no_authorization(request: Request) -> Reply:
    del request.headers["Authorization"]
    return cdn(request)


def everything_is_the_page(request: Request) -> Reply:
    usual = cdn(request)
    return Reply(200, HTML, PAGE, usual.headers) if usual.status == 404 else usual


LOG_IN = "/api/autenticacion/inicio-sesion"
BAD: dict[str, tuple[str, dict[str, Any], str]] = {
    "no page": ("page", {"cdn": changed("/", refusal(500))}, "500"),
    "a line of text is no page": ("page", {"cdn": changed("/", Reply(200, HTML, b"hi"))}, "HTML"),
    "an empty bucket": (
        "page",
        {"cdn": changed("/", Reply(404, XML, b"<Code>NoSuchKey</Code>"))},
        "clinic publish",
    ),
    "no SPA routes": ("deep-link", {"cdn": changed("/pacientes", refusal(404))}, "/pacientes"),
    "one route fails": ("deep-link", {"cdn": changed("/agenda", refusal(404))}, "/agenda"),
    "missing files are pages": (
        "missing-asset",
        {"cdn": everything_is_the_page},
        "a missing file must be 404",
    ),
    "missing files are refused": (
        "missing-asset",
        {"cdn": changed("/assets/none*", Reply(403, XML, b""))},
        "403",
    ),
    "no backend": ("api", {"cdn": changed("/api", Reply(502, HTML, b""))}, "502"),
    "the API is the page": ("api", {"cdn": changed("/api", Reply(200, HTML, PAGE))}, "frontend"),
    "errors are pages": ("api-unknown", {"cdn": everything_is_the_page}, "404 and JSON"),
    "an error page": ("api-unknown", {"cdn": changed("/api/nope", Reply(404, HTML, b"x"))}, "JSON"),
    "the CDN refuses POST": ("api-post", {"cdn": no_post}, "by the CDN"),
    "Authorization is lost": ("api-post", {"cdn": no_authorization}, "500"),
    "Authorization does not pass": ("api-authorization", {"cdn": no_authorization}, "as without"),
    "the log-in lets anybody in": (
        "api-post",
        {"cdn": changed(LOG_IN, Reply(200, JSON, b"{}"))},
        "200",
    ),
    "http is served": ("https-redirect", {"plain": cdn}, "http gave 200"),
    "http leads elsewhere": (
        "https-redirect",
        {"plain": lambda _: Reply(301, HTML, b"", {"Location": "https://elsewhere.invalid/"})},
        "elsewhere",
    ),
    "the files are not compressed": ("compression", {"cdn": uncompressed}, "as it is"),
    ".env is a page": ("env-file", {"cdn": everything_is_the_page}, "/.env is 200"),
    ".env is there": (
        "env-file",
        {"cdn": changed("/.env", Reply(200, "text/plain", b"PORT=3000\nJWT_SECRET=fake"))},
        "change every secret",
    ),
    "a repository is there": (
        "env-file",
        {"cdn": changed("/.git/config", Reply(200, "text/plain", b"[core]"))},
        "/.git/config is 200 text/plain where nothing may be",
    ),
    ".env is there for who encodes the dot": (
        "env-file",
        {"cdn": changed("/%2eenv", Reply(200, "text/plain", b"JWT_SECRET=fake"))},
        "/%2eenv hands out settings",
    ),
    "a copy of .env is there": (
        "env-file",
        {"cdn": changed("/.env.production", Reply(404, "text/plain", b"JWT_SECRET=fake"))},
        "hands out settings",
    ),
    "the bucket is public": ("s3-direct", {"bucket": lambda _: Reply(200, HTML, PAGE)}, "anybody"),
    "the balancer is open": ("balancer-direct", {"balancer": cdn}, "around the CDN"),
}


@pytest.mark.parametrize("fault", BAD)
def test_it_breaks_when(fault: str, certificate: Path) -> None:
    name, plays, says = BAD[fault]
    with staged(certificate, **plays) as stage:
        told = results(stage.site, name)[name]
    assert told.status == "failed", told
    assert says in told.reason


@pytest.mark.parametrize(
    ("states", "says"),
    [
        ([], "no target"),
        (["unhealthy", "unhealthy"], "2 unhealthy"),
        (["healthy", "unhealthy"], "1 healthy, 1 unhealthy"),
        (["initial"], "1 initial"),
    ],
)
def test_a_fleet_that_fails_its_health_check_is_told_although_the_balancer_fails_open(
    states: list[str], says: str, certificate: Path
) -> None:
    with staged(certificate) as stage:
        told = results(replace(stage.site, targets=lambda: states), "api", "target-health")
    assert told["api"].status == "ok"
    assert told["target-health"].status == "failed"
    assert says in told["target-health"].reason


def test_an_authorization_that_is_refused_on_the_way_decides_nothing(certificate: Path) -> None:
    def strict(request: Request) -> Reply:
        return (
            refusal(400) if len(request.headers.get("Authorization", "")) > 9999 else cdn(request)
        )

    with staged(certificate, cdn=strict) as stage:
        told = results(stage.site, "api-authorization")["api-authorization"]
    assert told.status == "not decided"


def test_the_real_node_refuses_that_authorization_and_serves_the_same_without() -> None:
    program = "require('http').createServer((_, r) => r.end('well')).listen(0, '127.0.0.1', "
    program += "function () { console.log(this.address().port) })"
    with subprocess.Popen(["node", "-e", program], stdout=subprocess.PIPE) as node:
        assert node.stdout
        way = Way("127.0.0.1", int(node.stdout.readline()), tls=False)
        told = results(Site("node", way), "api-authorization")["api-authorization"]
        node.terminate()
    assert (told.status, "431" in told.reason) == ("ok", True)


@pytest.mark.parametrize("header", pages.SECURITY_HEADERS)
@pytest.mark.parametrize("path", ["/", "/api"])
def test_a_missing_security_header_is_named(header: str, path: str, certificate: Path) -> None:
    with staged(certificate, cdn=changed(path, without(header))) as stage:
        told = results(stage.site, "security-headers")["security-headers"]
    assert told.status == "failed"
    assert f"{path}: {header} is missing" in told.reason


def test_the_backend_may_have_its_own_policy_but_not_weaken_the_transport(
    certificate: Path,
) -> None:
    def own(name: str, value: str) -> Play:
        return changed("/api", lambda usual: replace(usual, headers={**usual.headers, name: value}))

    with staged(certificate, cdn=own("Referrer-Policy", "no-referrer")) as stage:
        assert results(stage.site, "security-headers")["security-headers"].status == "ok"
    with staged(certificate, cdn=own("Strict-Transport-Security", "max-age=1")) as stage:
        assert results(stage.site, "security-headers")["security-headers"].status == "failed"


def test_https_may_be_asked_for_on_subdomains_too_and_nothing_else_may_be_added(
    certificate: Path,
) -> None:
    def strict(value: str) -> Play:
        return changed(
            "/",
            lambda usual: replace(
                usual, headers={**usual.headers, "Strict-Transport-Security": value}
            ),
        )

    name = "security-headers"
    for added, status in (("; includeSubDomains", "ok"), ("; preload", "failed")):
        with staged(certificate, cdn=strict(f"max-age=63072000{added}")) as stage:
            assert results(stage.site, name)[name].status == status


def test_the_security_headers_are_those_of_the_template(documents: dict[str, Any]) -> None:
    resources = documents["flat.json"]["Resources"]
    policy = resources["SecurityHeaders"]["Properties"]["ResponseHeadersPolicyConfig"]
    made = policy["SecurityHeadersConfig"]
    strict = made["StrictTransportSecurity"]
    assert {
        "Strict-Transport-Security": f"max-age={strict['AccessControlMaxAgeSec']}",
        "X-Content-Type-Options": "nosniff" if "ContentTypeOptions" in made else "",
        "X-Frame-Options": made["FrameOptions"]["FrameOption"],
        "Referrer-Policy": made["ReferrerPolicy"]["ReferrerPolicy"],
        "Content-Security-Policy": made["ContentSecurityPolicy"]["ContentSecurityPolicy"],
    } == pages.SECURITY_HEADERS
    assert {
        "StrictTransportSecurity": "Strict-Transport-Security",
        "ContentTypeOptions": "X-Content-Type-Options",
    }.keys() == {name for name, policy in made.items() if policy["Override"]}


def public(stage: Stage) -> Site:
    return replace(stage.site, exposure="public")


def test_the_documented_balancer_answers_everybody(certificate: Path) -> None:
    with staged(certificate, balancer=cdn) as stage:
        assert results(public(stage), "balancer-direct")["balancer-direct"].status == "ok"
        assert results(stage.site, "balancer-direct")["balancer-direct"].status == "failed"
        private = replace(stage.site, exposure="private")
        assert results(private, "balancer-direct")["balancer-direct"].status == "failed"


def test_a_balancer_out_of_reach_is_closed_and_not_what_is_documented(certificate: Path) -> None:
    with staged(certificate) as stage:
        away = replace(stage.site, balancer=("127.0.0.1", 1))
        assert results(away, "balancer-direct")["balancer-direct"].status == "ok"
        away = replace(away, exposure="public")
        assert results(away, "balancer-direct")["balancer-direct"].status == "failed"


@pytest.mark.parametrize("number", [3000, 5432])
def test_a_port_that_answers_is_an_open_one(number: int, certificate: Path) -> None:
    with staged(certificate) as stage:
        assert stage.site.balancer
        opened = replace(stage.site, shut={number: (stage.site.balancer,)})
        told = results(opened, f"port-{number}")[f"port-{number}"]
    assert told.status == "failed"
    assert "answers on" in told.reason


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_old_tls_is_noticed_where_this_machine_can_offer_it(
    version: ssl.TLSVersion, certificate: Path
) -> None:
    with staged(certificate, tls=version) as stage:
        told = results(stage.site, "old-tls")["old-tls"]
    if can_offer(version):
        assert (told.status, told.reason[-11:]) == ("failed", "is accepted")
    else:
        assert (told.status, "cannot offer" in told.reason) == ("not decided", True)


def test_a_version_that_is_not_built_in_cannot_be_offered() -> None:
    assert can_offer(ssl.TLSVersion.TLSv1_2)
    assert not can_offer(ssl.TLSVersion.SSLv3)


def test_a_certificate_that_nobody_signed_breaks_the_promise_of_tls(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with staged(certificate) as stage:
        told = results(stage.site, "tls", "page")
    assert told["tls"].status == told["page"].status == "failed"
    assert "the certificate is not valid" in told["tls"].reason


def test_before_the_first_publication_pages_are_not_decided(certificate: Path) -> None:
    empty = changed("/", Reply(404, XML, b"<Error><Code>NoSuchKey</Code></Error>"))
    with staged(certificate, cdn=empty) as stage:
        told = results(replace(stage.site, may_be_empty=True), "page", "deep-link", "compression")
    assert {result.status for result in told.values()} == {"not decided"}
    assert "nothing published yet" in told["page"].reason


def test_what_is_too_small_to_compress_is_not_decided(certificate: Path) -> None:
    tiny = Reply(200, HTML, b"<!doctype html><html></html>")
    with staged(certificate, cdn=changed("/", tiny)) as stage:
        told = results(stage.site, "compression")["compression"]
    assert told.status == "not decided"


@pytest.mark.parametrize("name", ["port-3000", "port-5432", "balancer-direct", "old-tls"])
def test_silence_proves_nothing_where_the_site_is_out_of_reach_too(name: str) -> None:
    nobody = ("127.0.0.1", 1)
    shut = {3000: (nobody,), 5432: (nobody,)}
    site = Site("x", Way(*nobody), balancer=nobody, exposure="private", shut=shut)
    assert results(site, name)[name].status != "ok"


def test_of_many_broken_promises_the_deployment_says_which(
    certificate: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    env = small.flat()
    empty = changed("/", Reply(404, XML, b"<Error><Code>NoSuchKey</Code></Error>"))
    with staged(certificate, cdn=empty) as stage:
        conclude(stage.site, env, Report(), 0)
    assert "nothing published yet" in capsys.readouterr().out
    with (
        staged(certificate, cdn=changed("/api", Reply(502, HTML, b""))) as stage,
        pytest.raises(
            ClinicError, match="clinic-small is deployed, but does not keep: api"
        ) as told,
    ):
        conclude(stage.site, env, Report(), 0)
    assert told.value.exit_code == 1
