from __future__ import annotations

import dukpy

from generator.shipped import text

NODE = "var made = {}; var http = {createServer: function (app) { made.app = app; return made; }};"
NODE += "function require(name) { return {http: http}[name]; };"


def test_servers_made_after_it_outlive_the_balancers_idle_connections():
    code = text("generator.bootstrap", "keep-alive.cjs")
    made = dukpy.evaljs(f"{NODE} {code}; http.createServer('the application')")
    assert made["app"] == "the application"
    assert made["keepAliveTimeout"] > 60_000
    assert made["headersTimeout"] > made["keepAliveTimeout"]
