"""nginx in front of a portal, with the configuration that the project ships (deploy/nginx.conf.example)."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.peers import free_port, wait_until

from .proxy import CERTIFICATE

EXAMPLE = Path(__file__).resolve().parents[2] / "deploy" / "nginx.conf.example"


def find_or_install() -> str:
    """Return nginx's path, installing it where that is possible; without it the test cannot say anything."""
    found = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if not found and os.geteuid() == 0 and shutil.which("apt-get"):
        apt = "apt-get update -q && apt-get install -q -y --no-install-recommends nginx-light"
        subprocess.run(["sh", "-c", apt], env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, check=True)
        found = shutil.which("nginx", path="/usr/sbin")
    assert found, "this test needs nginx (Debian: sudo apt-get install nginx-light)"
    return found


def configuration(folder: Path, *, port: int, to: int) -> str:
    """Return the shipped servers with only names, places and ports of this machine put in."""
    servers = EXAMPLE.read_text()
    servers = servers.replace("http2 on;", "")  # a word of nginx 1.25.1 and later
    servers = re.sub(r"listen \[::\]:\d+[^;]*;", "", servers)
    servers = servers.replace("listen 80;", f"listen 127.0.0.1:{free_port()};")
    servers = servers.replace("listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;")
    servers = servers.replace("server_name mcm.example.fr;", "server_name localhost;")
    servers = re.sub(r"ssl_certificate\s+\S+;", f"ssl_certificate {CERTIFICATE};", servers)
    servers = re.sub(r"ssl_certificate_key\s+\S+;", f"ssl_certificate_key {CERTIFICATE};", servers)
    servers = servers.replace("http://127.0.0.1:8000", f"http://127.0.0.1:{to}")
    # Its port is not 443 here, and the portal leads to the address it knows.
    servers = servers.replace("proxy_set_header Host $host;", "proxy_set_header Host $http_host;")
    servers = re.sub(r"error_log \S+", f"error_log {folder}/nginx-error.log", servers)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "\n".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    user = "user root;" if os.geteuid() == 0 else ""
    return (
        f"{user} daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx-main.log;\n"
        f"events {{ worker_connections 1024; }}\nhttp {{\n{temporary}\n{servers}\n}}\n"
    )


@contextlib.contextmanager
def nginx(folder: Path, *, to: int) -> Iterator[int]:
    """Run it; give the port where it speaks TLS."""
    port = free_port()
    path = folder / "nginx.conf"
    path.write_text(configuration(folder, port=port, to=to))
    process = subprocess.Popen([find_or_install(), "-c", str(path), "-p", str(folder)])
    try:
        wait_until(lambda: _listens(port), seconds=30)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=20)


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError):
        ssl.get_server_certificate(("127.0.0.1", port))
        return True
    return False
