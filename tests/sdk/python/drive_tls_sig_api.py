"""Drives the package tls-sig-api-v2 1.1 against the built server: python drive_tls_sig_api.py target/debug/standin

Its UserSigs open the server API and the SDK's socket; the ones that are no good are refused by the vendor's codes.
"""

import base64
import json
import os
import socket
import struct
import sys
import time
from urllib.parse import urlparse

import requests
from TLSSigAPIv2 import TLSSigAPIv2

from standin import SDK_APP_ID, SECRET, check, running

ADMINISTRATOR = "administrator"
WAIT_S = 10
LIFETIME_S = 3600


def by_rest(base, sig, identifier=ADMINISTRATOR):
    """Returns the code and the outcome of a harmless call of the server API with this UserSig."""
    query = {"sdkappid": SDK_APP_ID, "identifier": identifier, "usersig": sig, "random": 1, "contenttype": "json"}
    body = {"CheckItem": [{"UserID": "alice"}]}
    said = requests.post(f"{base}/v4/im_open_login_svc/account_check", params=query, json=body, timeout=WAIT_S).json()
    return said["ErrorCode"], said["ActionStatus"]


def by_socket(base, sig, identifier):
    """Returns the answer of the SDK's socket to a login."""
    address = urlparse(base)
    head = {"servcmd": "im_open_status.wslogin", "seq": 7, "sdkappid": SDK_APP_ID, "identifier": identifier, "usersig": sig}
    frame = json.dumps({"head": head, "body": {"State": "Online"}}).encode()
    with socket.create_connection((address.hostname, address.port), timeout=WAIT_S) as connection:
        key = base64.b64encode(os.urandom(16)).decode()
        connection.sendall(
            f"GET /binfo?sdkappid={SDK_APP_ID} HTTP/1.1\r\nHost: {address.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
        )
        stream = connection.makefile("rb")
        check("the socket opens", stream.readline().split()[1], b"101")
        while stream.readline() not in (b"\r\n", b""):
            pass
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(frame))
        connection.sendall(struct.pack("!BBH", 0x82, 0x80 | 126, len(frame)) + mask + masked)
        kind, length = stream.read(2)
        if length == 126:
            (length,) = struct.unpack("!H", stream.read(2))
        check("the answer is binary and whole", kind, 0x82)
        answer = json.loads(stream.read(length))
    check("the answer is that of the request", answer["head"]["seq"], 7)
    return answer["body"]["ErrorCode"], answer["body"].get("A2Key", "") != ""


def is_taken(base, api):
    check("REST: a UserSig as it comes", by_rest(base, api.gen_sig(ADMINISTRATOR)), (0, "OK"))
    check("REST: with a lifetime", by_rest(base, api.gen_sig(ADMINISTRATOR, LIFETIME_S)), (0, "OK"))
    with_userbuf = api.gen_sig_with_userbuf(ADMINISTRATOR, LIFETIME_S, b"abc")
    check("REST: with a userbuf", by_rest(base, with_userbuf), (0, "OK"))
    check("login: a UserSig as it comes", by_socket(base, api.gen_sig("alice"), "alice"), (0, True))
    with_userbuf = api.gen_sig_with_userbuf("alice", LIFETIME_S, b"abc")
    check("login: with a userbuf", by_socket(base, with_userbuf, "alice"), (0, True))


def is_refused(base, api):
    short = api.gen_sig(ADMINISTRATOR, 1)
    other_app = TLSSigAPIv2(SDK_APP_ID + 1, SECRET)
    other_key = TLSSigAPIv2(SDK_APP_ID, "f" * 64)
    time.sleep(1.1)
    for what, code, sig in [
        ("cut off", 70003, lambda user: api.gen_sig(user)[:-20]),
        ("of another user", 70013, lambda user: api.gen_sig("somebody")),
        ("of another app", 70014, other_app.gen_sig),
        ("of another key", 70009, other_key.gen_sig),
    ]:
        check(f"REST: {what}", by_rest(base, sig(ADMINISTRATOR)), (code, "FAIL"))
        check(f"login: {what}", by_socket(base, sig("alice"), "alice"), (code, False))
    check("REST: expired", by_rest(base, short), (70001, "FAIL"))
    check("REST: of a user, not of the administrator", by_rest(base, api.gen_sig("alice"), "alice")[1], "FAIL")


def main(binary):
    with running(binary) as base:
        api = TLSSigAPIv2(SDK_APP_ID, SECRET)
        is_taken(base, api)
        is_refused(base, api)


if __name__ == "__main__":
    main(sys.argv[1])
