from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable

import dukpy
import pytest

from generator.shipped import text

CODE = text("generator.functions", "route_spa.js")
NODE = "; console.log(JSON.stringify(process.argv.slice(1).map(asked)));"
NODE += "function asked(uri) { return handler({request: {uri: uri}}); }"
NOT_FOUND = {"statusCode": 404, "statusDescription": "Not Found"}
Ask = Callable[..., dict[str, object]]


def in_es5(*paths: str) -> dict[str, object]:
    code = (
        f"{CODE}; dukpy.paths.map(function (uri) {{ return handler({{request: {{uri: uri}}}}) }})"
    )
    return dict(zip(paths, dukpy.evaljs(code, paths=paths), strict=True))


def in_node(*paths: str) -> dict[str, object]:
    # In strict mode, as CloudFront's runtime 2.0 runs it.
    command = ["node", "--use-strict", "-e", CODE + NODE, "--", *paths]
    done = subprocess.run(command, capture_output=True, check=True)
    return dict(zip(paths, json.loads(done.stdout), strict=True))


@pytest.fixture(params=[in_es5, in_node])
def answers(request: pytest.FixtureRequest) -> Ask:
    """What the function answers to paths, in the oldest JavaScript and in that of node."""
    if request.param is in_node and not shutil.which("node"):
        pytest.skip("node is not installed")
    ask: Ask = request.param
    return ask


def test_a_page_of_the_application_is_the_index(answers: Ask) -> None:
    pages = ("/", "/inicio", "/pacientes/12", "/agenda/", "/v1.2/x", "/ni%C3%B1os/50%25")
    assert answers(*pages) == {page: {"uri": "/index.html"} for page in pages}


def test_a_file_stays_what_it_is(answers: Ask) -> None:
    files = (
        *("/index.html", "/assets/index-Bx3.js", "/a/b.c/logo.svg", "/x.", "/a%20b.pdf"),
        *("/.well-known/security.txt", "/ni%C3%B1o.svg", "/100%25.svg", "/100%.svg", "/a..b.js"),
    )
    assert answers(*files) == {file: {"uri": file} for file in files}


def test_hidden_files_and_what_lies_in_hidden_folders_do_not_exist(answers: Ask) -> None:
    hidden = (
        *("/.env", "/.git", "/assets/.env.production", "/.git/config", "/.aws/credentials"),
        *("/assets/.svn/entries", "/.git/", "/.", "/..", "/a/../.env", "/.well-known"),
        *("/.well-known/.env", "/.well-known/../.git/HEAD", "/x/.well-known/a.txt"),
        *("/.well-known.git/config", "//.well-known/x.txt", "/x%2F.git/config", "/x%2f.env"),
    )
    assert answers(*hidden) == dict.fromkeys(hidden, NOT_FOUND)


def test_a_dot_that_is_encoded_however_often_hides_nothing(answers: Ask) -> None:
    """S3 decodes %2e, so that /%2eenv would be /.env there."""
    hidden = (
        *("/%2eenv", "/%2Egit/config", "/assets/%2Eenv", "/%252eenv", "/%25252eenv"),
        *("/a/%2e%2e/x", "/index%2ehtml", "/%25%32%65env", "/x%252F%252egit/config"),
        *("/%%32eenv", "/%2%65env", f"/%{'25' * 30}2eenv", f"/%{'25' * 3000}2eenv"),
    )
    assert answers(*hidden) == dict.fromkeys(hidden, NOT_FOUND)


def test_the_code_fits_into_a_cloudfront_function() -> None:
    assert len(CODE.encode()) <= 10_240
