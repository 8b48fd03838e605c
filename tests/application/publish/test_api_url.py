"""The backend that a build would call is found in its scripts, however they were written."""

from __future__ import annotations

import pytest

from generator.application.publish.api_url import foreign, named

SITE = "https://d111.cloudfront.net"


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ('baseURL:"https://other.example/api"', "https://other.example"),
        ("const a='http://localhost:3000/api/pacientes'", "http://localhost:3000"),
        ('fetch("https://other.example"+"/api/agenda")', "https://other.example"),
        ('x=`${"https://other.example"}/api`', "https://other.example"),
        ('"https://other.example".concat("/api")', "https://other.example"),
        ('const n="https://other.example",r=c({baseURL:`${n}/api`})', "https://other.example"),
        ('var $t = "https://other.example/"; get($t + "/api")', "https://other.example"),
        ('const n="https://other.example";n.concat("/api/x")', "https://other.example"),
        # The documented frontend's own fallback has no scheme.
        ('n="lb-95.us-east-2.elb.amazonaws.com",r={u:`${n}/api`}', "lb-95.us-east-2.elb"),
        ('n=e||"lb-95.us-east-2.elb.amazonaws.com",r={u:`${n}/api`}', "lb-95.us-east-2.elb"),
        ('n="https://other.example"||"https://x.example";`${n}/api`', "https://other.example"),
    ],
)
def test_the_backend_is_found(script: str, found: str) -> None:
    [address] = named(script.encode())
    assert address.startswith(found)
    assert foreign([address], SITE) == [address]


@pytest.mark.parametrize(
    "script",
    [
        'fetch("/api/pacientes")',
        'const n="";`${n}/api`',
        '"https://react.dev/errors/api-reference"',
        '"http://www.w3.org/2000/svg"',
        'import("./apiary.js")',
        'origin="http://localhost"',
        "",
    ],
)
def test_what_is_no_backend_is_none(script: str) -> None:
    assert named(script.encode()) == set()


def test_the_own_site_is_not_foreign() -> None:
    assert foreign([SITE], f"{SITE}/") == []
    assert foreign([SITE], f"{SITE}/api") == []
    assert foreign(["http://d111.cloudfront.net"], SITE) == ["http://d111.cloudfront.net"]


def test_a_large_script_is_searched_quickly_in_one_pass() -> None:
    script = b'const a="x".b(c);' * 200_000 + b'n="https://other.example";`${n}/api`'
    assert named(script) == {"https://other.example"}
