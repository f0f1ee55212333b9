"""A panel and its koppel-server, for `play.py`: starts a server of its own on this machine and speaks its HTTP API."""

import http.client
import json
import os
import secrets
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from messages import b64url, read_object, sha256, unb64url
from phone import Problem

PROGRAMS = Path(os.environ.get("KOPPEL_BIN_DIR") or Path(__file__).resolve().parents[2] / "target" / "ci")


class Server:
    """`koppel-server` with one organisation, one relying party and one key. Ends with the `with` block."""

    def __init__(self, folder: Path):
        self.folder, self.database = folder, folder / "koppel.sqlite"
        # Its address is part of its identity, so the port has to be known before it runs.
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.host = "127.0.0.1:%d" % free.getsockname()[1]
        self.command("init", "--organisation", "De Linden", "--public-url", f"http://{self.host}")
        self.command("relying-party", "add", "Klantpaneel", "--return-url", "http://127.0.0.1:9/2fa")
        key = self.command("key", "add", "--relying-party", "Klantpaneel", "--scope", "verify,manage,desk")
        self.key = key["key"]

    def command(self, *words: str) -> dict:
        command = [PROGRAMS / "koppel-server", *words, "--database", self.database, "--json"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        if done.returncode != 0:
            raise RuntimeError(f"koppel-server {' '.join(words)}: {done.stdout}{done.stderr}")
        return json.loads(done.stdout)

    def __enter__(self) -> "Server":
        command = [PROGRAMS / "koppel-server", "serve", "--database", self.database, "--listen", self.host]
        with (self.folder / "server.log").open("wb") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        # It says where it listens once it does; a server that ends instead closes the pipe.
        if "listening" not in self.process.stdout.readline():
            self.__exit__()
            raise RuntimeError(f"koppel-server does not run: {self.log()}")
        return self

    def __exit__(self, *_) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def log(self) -> str:
        return (self.folder / "server.log").read_text("utf-8", "replace")


class Panel:
    """What a panel with pages of its own does (docs/protocol.md §11); the API is described at /v1/openapi.json."""

    def __init__(self, server: Server):
        self.server = server

    def ask(self, method: str, path: str, question: dict | None = None) -> dict:
        headers = {"Authorization": f"Bearer {self.server.key}", "Content-Type": "application/json"}
        if method == "POST":
            headers["Idempotency-Key"] = secrets.token_hex(16)
        connection = http.client.HTTPConnection(self.server.host, timeout=40)
        try:
            connection.request(method, path, json.dumps(question) if question is not None else None, headers)
            answer = connection.getresponse()
            told = read_object(answer.read() or b"{}")
        finally:
            connection.close()
        if not 200 <= answer.status < 300:
            raise Problem(answer.status, told)
        return told


class Login:
    """One login attempt: `v` stays in the session of the browser, its hash binds the challenge to it."""

    def __init__(self, panel: Panel, user: dict, mode: str):
        self.panel, self.v = panel, b64url(secrets.token_bytes(32))
        self.binding = b64url(sha256(unb64url(self.v)))
        browser = {"ip": "192.0.2.17", "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0"}
        begun = {"binding": self.binding, "browser": browser, "first_factor_at": int(time.time())}
        self.begun = panel.ask("POST", "/v1/challenges", begun | {"user": user, "purpose": "login", "mode": mode})
        self.id, self.number = self.begun["id"], self.begun.get("number")

    def becomes(self, right: Callable[[dict], bool]) -> dict:
        """How it stands once that is right, by the long poll; after a while how it stands at all."""
        deadline, snapshot = time.monotonic() + 10, self.panel.ask("GET", f"/v1/challenges/{self.id}")
        while not right(snapshot) and time.monotonic() < deadline:
            snapshot = self.panel.ask("GET", f"/v1/challenges/{self.id}?after={snapshot['version']}&wait=5")
        return snapshot

    def check(self, code: str) -> dict:
        return self.panel.ask("POST", f"/v1/challenges/{self.id}/check", {"v": self.v, "code": code})

    def consume(self, v: str | None = None) -> dict:
        return self.panel.ask("POST", f"/v1/challenges/{self.id}/consume", {"v": v or self.v})
