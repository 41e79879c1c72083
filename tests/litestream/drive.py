"""Replicates a live server as docs/operations.md says, kills it, restores, and compares: python drive.py target/debug/standin docs/operations.md"""

import hashlib
import json
import os
import pathlib
import re
import shlex
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import zlib

BINARY, OPERATIONS = sys.argv[1], pathlib.Path(sys.argv[2]).read_text(encoding="utf-8")
APP_ID, SECRET = "houseapp", "0123456789abcdef0123456789abcdef"
LICENSE_KEY, PASSWORD = "LICENSEKEY0123456789abcd", "correct horse battery staple"
WRITERS, WRITE_S = 4, 4
WAIT_S = 60

SETTINGS = {
    "STANDIN_LISTEN": "127.0.0.1:0",
    "STANDIN_APP_ID": APP_ID,
    "STANDIN_APP_SECRET": SECRET,
    "STANDIN_LICENSE_KEY": LICENSE_KEY,
    "STANDIN_APP_PASSWORD": PASSWORD,
}

# Loopback has no business with a proxy of this machine.
CALLER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def documented_lines():
    """The lines of the two blocks about Litestream, in their order."""
    blocks = re.findall(r"```sh\n(.*?)```", OPERATIONS, re.S)
    [lines] = [block.splitlines() for block in blocks if "litestream replicate" in block]
    [back] = [block.splitlines() for block in blocks if "litestream restore" in block]
    assert len(lines) == 2 and len(back) == 3, (lines, back)
    return lines, back


class Server:
    """A server on a data folder, started by these words."""

    def __init__(self, words, folder):
        environment = {"PATH": os.environ["PATH"], **SETTINGS}
        self.process = subprocess.Popen(words, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True)
        line = next(line for line in self.process.stdout if "listening on " in line)
        self.base = line.split("listening on ")[1].split()[0]
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def call(self, path, body=None, headers=None):
        request = urllib.request.Request(self.base + path, data=body, headers=headers or {})
        with CALLER.open(request, timeout=WAIT_S) as answer:
            return answer.read()

    def qiscus(self, call, body=None):
        headers = {"QISCUS-SDK-APP-ID": APP_ID, "QISCUS-SDK-SECRET": SECRET, "Content-Type": "application/json"}
        return json.loads(self.call(f"/api/v2.1/rest/{call}", body and json.dumps(body).encode(), headers))["results"]

    def token(self):
        body = json.dumps({"username": "administrator", "password": PASSWORD}).encode()
        return json.loads(self.call("/api/v1/login", body, {"Content-Type": "application/json"}))["data"]["token"]

    def kill(self):
        self.process.kill()
        self.process.wait()


def png(number):
    """A small picture of one colour."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes([number * 37 % 256, number * 91 % 256, 99]) * 32 for _ in range(32))
    head = struct.pack(">IIBBBBB", 32, 32, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def upload(server, token, user, number):
    fields = {"deviceType": "web", "licenseKey": LICENSE_KEY, "userIdentifier": user, "nickname": f"name {number}"}
    body = b"".join(
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode() for name, value in fields.items()
    )
    body += b'--x\r\nContent-Disposition: form-data; name="profileFile"; filename="a.png"\r\n\r\n' + png(number)
    headers = {"Authorization": token, "Content-Type": "multipart/form-data; boundary=x"}
    assert json.loads(server.call("/api/v1/users/createUser", body + b"\r\n--x--\r\n", headers))["status"] == 200


def write(server, token, writer, until, acknowledged):
    """One user after the other, the tenth of each writer's with a picture; what is noted was acknowledged."""
    number = 0
    while time.monotonic() < until:
        user = f"user{writer}.{number}"
        if number % 10 == 0:
            upload(server, token, user, number)
        else:
            server.qiscus("login_or_register", {"user_id": user, "username": f"name {number}"})
        acknowledged[user] = f"name {number}"
        number += 1


def rows(database):
    """A digest of every table of ours, and how many rows it has."""
    connection = sqlite3.connect(database)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert connection.execute("PRAGMA foreign_key_check").fetchone() is None
    names = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '\\_litestream%' ESCAPE '\\'")
    found = {}
    for (name,) in names.fetchall():
        # A mark of Litestream's own, as SQLite counts it.
        table = [row for row in connection.execute(f'SELECT * FROM "{name}"') if "_litestream" not in str(row[0])]
        found[name] = (len(table), hashlib.sha256(repr(table).encode()).hexdigest())
    connection.close()
    return found


def files(folder):
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def main():
    (replicate, copy), (restore, copy_back, serve) = documented_lines()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        elsewhere = folder / "elsewhere"
        elsewhere.mkdir()
        words = lambda line: shlex.split(line.replace("/mnt/elsewhere", str(elsewhere)))
        run = lambda line: subprocess.run(words(line), cwd=folder, check=True, timeout=WAIT_S)

        server = Server([BINARY, "serve", "--data", "data"], folder)
        log = open(folder / "litestream.log", "w+", encoding="utf-8")
        litestream = subprocess.Popen(words(replicate), cwd=folder, stdout=log, stderr=subprocess.STDOUT)
        try:
            acknowledged, token = {}, server.token()
            until = time.monotonic() + WRITE_S
            writers = [
                threading.Thread(target=write, args=(server, token, writer, until, acknowledged)) for writer in range(WRITERS)
            ]
            [writer.start() for writer in writers]
            time.sleep(WRITE_S / 2)
            run(copy)
            [writer.join() for writer in writers]
            assert len(acknowledged) > 10 * WRITERS, len(acknowledged)
            # The writers' last words, then the crash; the replica is given the second it is behind at the most.
            run(copy)
            time.sleep(2)
            server.kill()
            litestream.send_signal(signal.SIGTERM)
            assert litestream.wait(WAIT_S) == 0
        except BaseException:
            log.seek(0)
            sys.stderr.write(log.read())
            raise
        finally:
            server.kill()
            litestream.kill()

        restored = folder / "restored"
        run(restore)
        run(copy_back)
        assert rows(restored / "standin.db") == rows(folder / "data" / "standin.db"), "row by row"
        assert files(restored / "pictures") == files(folder / "data" / "pictures"), "file by file"

        program, *rest = words(serve)
        assert program == "standin", serve
        server = Server([BINARY, *rest], folder)
        try:
            listed = server.qiscus("get_user_list?limit=1")["meta"]["total_data"]
            assert listed == len(acknowledged), (listed, len(acknowledged))
            for user, name in acknowledged.items():
                found = server.qiscus(f"user_profile?user_id={user}")["user"]
                assert found["username"] == name, (user, name, found)
                if user.endswith("0"):
                    assert server.call("/pictures/" + found["avatar_url"].split("/pictures/")[1]), user
        finally:
            server.kill()
        pictures = len(files(restored / "pictures"))
        print(f"litestream: {len(acknowledged)} users acknowledged, all of them and {pictures} files of pictures restored")


main()
