from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import dukpy
import pytest

from generator.shipped import text

NODE = "var said = {}; var process = {on: function (name, act) { said[name] = act; }};"
NODE += "var made = {prependListener: function () {}};"
NODE += "var http = {createServer: function (app) { made.app = app; return made; }};"
NODE += "function require(name) { return {http: http, tls: {}}[name]; };"


def test_servers_made_after_it_outlive_the_balancers_idle_connections():
    code = text("generator.bootstrap", "keep-alive.cjs")
    made = dukpy.evaljs(f"{NODE} {code}; http.createServer('the application')")
    assert made["app"] == "the application"
    assert made["keepAliveTimeout"] > 60_000
    assert made["headersTimeout"] > made["keepAliveTimeout"]


LEAVING = """
process.kill(process.pid, 'SIGUSR2');
require('http').createServer((request, response) => response.end('well')).listen(0, function () {
    const port = this.address().port, agent = new (require('http').Agent)({keepAlive: true});
    const ask = (next) => require('http').get({port, agent}, (answer) => {
        console.log(answer.headers.connection);
        answer.resume().on('end', next);
    });
    ask(() => process.kill(process.pid, 'SIGTERM'));
});
"""


@pytest.mark.skipif(not shutil.which("node"), reason="node is not installed")
@pytest.mark.parametrize(("told", "connection"), [(True, "close"), (False, "keep-alive")])
def test_a_container_that_leaves_closes_each_connection_and_ends_when_told_to(
    tmp_path: Path, told: bool, connection: str
) -> None:
    first = tmp_path / "keep-alive.cjs"
    first.write_text(text("generator.bootstrap", "keep-alive.cjs"))
    script = LEAVING if told else LEAVING.replace("'SIGUSR2'", "0")
    command = ["node", "--require", str(first), "-e", script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, f"{connection}\n"), done.stderr
