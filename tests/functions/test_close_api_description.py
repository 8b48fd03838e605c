from __future__ import annotations

import dukpy
import pytest

from generator.shipped import text

CODE = text("generator.functions", "close_api_description.js")


def answer(uri: str) -> dict:
    return dukpy.evaljs(f"{CODE}; handler({{request: {{uri: dukpy.uri}}}})", uri=uri)


@pytest.mark.parametrize(
    "uri",
    [
        *("/api/documentacion", "/api/documentacion/", "/api/documentacion-json"),
        *("/api/documentacion-yaml", "/api/documentacion/swagger-ui-init.js"),
        *("/api/Documentacion", "/api/DOCUMENTACION-JSON", "/API/documentacion"),
        *("/api//documentacion", "//api///documentacion//", "/api/./documentacion"),
        *("/api/%64ocumentacion", "/%61pi/%44ocumentacion", "/api%2Fdocumentacion"),
        *("/api/%2564ocumentacion", "/api/%252564ocumentacion", "/api/%2e/documentacion"),
        *("/api/pacientes/../documentacion", "/api/x/%2e%2e/documentacion"),
        *("/../api/documentacion", "/api\\documentacion", "/api/%5cdocumentacion"),
        *("/api/ documentacion", "/api/%09documentacion", "/api/documentacion%00"),
        "/docs-0d3nt/../api/documentacion",
    ],
)
def test_the_description_does_not_exist_however_it_is_written(uri):
    assert answer(uri) == {"statusCode": 404, "statusDescription": "Not Found"}


@pytest.mark.parametrize(
    "uri",
    [
        *("/api", "/api/", "/api/pacientes/12", "/api/archivos-adjuntos", "/api/documentos"),
        *("/api/pacientes/documentacion", "/docs-0d3nt/reportes/documentacion.pdf"),
        *("/api/100%", "/api/%zz/%", "/api/a%20b", "/api/Pacientes/%C3%B1"),
    ],
)
def test_everything_else_passes_unchanged(uri):
    assert answer(uri) == {"uri": uri}


def test_the_code_fits_into_a_cloudfront_function():
    assert len(CODE.encode()) <= 10_240
