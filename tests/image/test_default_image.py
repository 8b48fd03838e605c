"""The default Dockerfile is built and run as an instance does it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from . import conftest
from .instance import Instance

pytestmark = pytest.mark.xdist_group("docker")
KINDS = (
    *("archivos-adjuntos", "reportes", "plantillas-consentimiento"),
    *("ediciones-imagenes", "backups", "temporal"),
)


def test_the_backend_gets_well_without_privileges(instance: Instance) -> None:
    assert instance.ask("/api") == (200, b"well")
    status, body = instance.ask("/api/nope")
    assert (status, json.loads(body)["statusCode"]) == (404, 404)
    assert instance.docker("exec", "backend-api", "id", "-un") == "node\n"


@pytest.mark.parametrize("kind", KINDS)
def test_a_document_of_every_kind_is_written_and_read_back(instance: Instance, kind: str) -> None:
    path = f"/docs-0d3nt/{kind}/receta.pdf"
    sent = f"contents of {kind}"
    assert instance.ask(path, "--data-binary", sent)[0] == 201
    assert instance.ask(path) == (200, sent.encode())


def test_an_upload_of_15_megabytes_arrives_whole(instance: Instance, tmp_path: Path) -> None:
    (tmp_path / "scan").write_bytes(bytes(range(256)) * 60_000)
    path = "/docs-0d3nt/ediciones-imagenes/scan.png"
    assert instance.ask(path, "--data-binary", f"@{tmp_path / 'scan'}")[0] == 201
    assert instance.ask(path)[1] == (tmp_path / "scan").read_bytes()


def test_a_page_is_printed_as_pdf_with_the_images_own_browser(instance: Instance) -> None:
    status, body = instance.ask("/api/pdf")
    assert (status, body[:5]) == (200, b"%PDF-"), body[:500]


def test_docker_starts_it_again_with_its_documents(instance: Instance) -> None:
    path = "/docs-0d3nt/reportes/kept.txt"
    instance.ask(path, "--data-binary", "kept")
    instance.docker("restart", "backend-api")
    instance.wait_healthy()
    assert instance.ask(path) == (200, b"kept")


def test_the_script_puts_a_new_container_in_its_place(instance: Instance) -> None:
    before = instance.docker("inspect", "-f", "{{.Id}}", "backend-api")
    instance.start()
    instance.wait_healthy()
    assert instance.docker("inspect", "-f", "{{.Id}}", "backend-api") != before


def test_where_no_image_can_be_built_the_run_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conftest, "why_not", lambda: "no Docker")
    with (
        pytest.warns(conftest.DefaultImageNotBuiltWarning, match="no Docker"),
        pytest.raises(pytest.skip.Exception, match="no Docker"),
    ):
        conftest.demand_docker()
