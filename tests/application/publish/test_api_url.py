"""The backend that a build would call is found in its scripts, however they were written."""

from __future__ import annotations

import pytest

from generator.application.publish.api_url import Backends

SITE = "https://d111.cloudfront.net"


def read(*scripts: str) -> Backends:
    found = Backends()
    for script in scripts:
        found.read(script.encode())
    return found


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
        ('n=""||"lb-95.us-east-2.elb.amazonaws.com";n+"/api"', "lb-95.us-east-2.elb"),
        ('c={apiUrl:"https://other.example"};`${c.apiUrl}/api`', "https://other.example"),
        ('{"BASE_URL":"/","VITE_API_URL":"https://other.example"}', "https://other.example"),
        ('n="https://other.example"||"https://x.example";`${n}/api`', "https://other.example"),
    ],
)
def test_the_backend_is_found(script: str, found: str) -> None:
    [address] = read(script).called
    assert address.startswith(found)
    assert read(script).foreign(SITE) == [address]


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
    assert read(script).foreign(SITE) == []


def test_the_own_site_is_not_foreign() -> None:
    own = read(f'n="{SITE}";`${{n}}/api`')
    assert own.called == {SITE}
    for address in (SITE, f"{SITE}/", f"{SITE}/api"):
        assert own.foreign(address) == []
    assert own.foreign("https://clinic.example") == [SITE]
    assert own.foreign(SITE.replace("https", "http")) == [SITE]


def test_a_name_from_another_script_leaves_bare_addresses_in_question() -> None:
    config, page = 'const o="https://other.example";export{o as a}', "fetch(`${a}/api/agenda`)"
    assert read(config, page).foreign(SITE) == ["https://other.example"]
    assert read(config, page, f'const p="{SITE}"').foreign(SITE) == []


def test_bare_addresses_are_nobodys_business_where_the_backend_is_known() -> None:
    link = 'href="https://www.example.org"'
    assert read(link, 'fetch("/api/agenda")').foreign(SITE) == []
    assert read(link, f'fetch("{SITE}/api")').foreign(SITE) == []


def test_a_large_script_is_read_in_one_pass() -> None:
    script = 'const a="x".b(c);' * 200_000 + 'n="https://other.example";`${n}/api`'
    assert read(script).called == {"https://other.example"}
