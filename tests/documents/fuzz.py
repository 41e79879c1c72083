"""Tries every call of every OpenAPI document against a demo of the built server, with what schemathesis makes of the schemas.

Refused are answers of 500 and above, and answers that the document does not have: another status, media type, header or body.
"""

import contextlib
import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "sdk", "python"))
import standin  # noqa: E402

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_headers_conformance,response_schema_conformance"
)
# A demo has credentials of its own.
DEMO = {"STANDIN_DEMO": "true", **dict.fromkeys(("STANDIN_APP_ID", "STANDIN_APP_SECRET", "STANDIN_SDK_APP_ID"), "")}
REQUEST_WAIT_S = 30


def call(base, method, path, body=None, headers=None):
    """One call; its status, headers and JSON."""
    where = urllib.parse.urlsplit(base)
    connection = http.client.HTTPConnection(where.hostname, where.port, timeout=REQUEST_WAIT_S)
    with contextlib.closing(connection):
        text = None if body is None else json.dumps(body)
        connection.request(method, path, text, {"Content-Type": "application/json", **(headers or {})})
        answer = connection.getresponse()
        return answer.status, answer.headers, json.loads(answer.read())


def own(base, _data):
    status, headers, session = call(base, "POST", "/standin/v1/session/demo", headers={"Origin": base})
    standin.check("a demo signs in", status, 200)
    cookie = headers["Set-Cookie"].split(";")[0]
    return {"headers": {"Cookie": cookie, "X-Standin-CSRF": session["csrf"], "Origin": base}}


def qiscus(base, _data):
    headers = {"QISCUS-SDK-APP-ID": "sdksample", "QISCUS-SDK-SECRET": "2820ae9dfc5362f7f3a10381fb89afc7"}
    # A user that no example names: the calls give those other tokens, and suspend them.
    login = {"email": "fuzzed", "password": "standin-demo"}
    status, _, user = call(base, "POST", "/api/v2/sdk/login_or_register", login, headers)
    standin.check("a user logs in", status, 200)
    return {"headers": {**headers, "QISCUS-SDK-TOKEN": user["results"]["user"]["token"]}}


def mirrorfly(base, _data):
    account = {"username": "administrator", "password": "standin-demo"}
    status, _, login = call(base, "POST", "/api/v1/login", account)
    standin.check("a back end logs in", status, 200)
    # A user that no example names: the calls create and delete those.
    user = {"userIdentifier": "fuzzed", "deviceType": "web", "licenseKey": "StandinDemoLicenseKey0123456789"}
    status, _, registered = call(base, "POST", "/api/v1/sandbox/register", user)
    standin.check("a user registers", status, 200)
    return {"schemes": {"back_end": login["data"]["token"], "user": registered["token"]}}


def tencent(_base, data):
    words = [os.path.abspath(sys.argv[1]), "app", "usersig", "--user", "administrator", "--data", data]
    user_sig = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    return {"query": {"sdkappid": "1400000001", "identifier": "administrator", "usersig": user_sig}}


# The file of each document, and what calls of it are made with.
DOCUMENTS = {
    "openapi.json": own,
    "openapi/qiscus.json": qiscus,
    "openapi/mirrorfly.json": mirrorfly,
    "openapi/tencent.json": tencent,
}

# Calls that end what all others are made with: tried behind them.
ENDING = "/session|/logout|/deleteMyAccount"


def fuzz(base, document, given, examples, folder):
    """Runs schemathesis over one document. Whether it found nothing."""
    config = os.path.join(folder, "schemathesis.toml")
    with open(config, "w", encoding="utf-8") as file:
        for name, value in given.get("query", {}).items():
            file.write(f'parameters."query.{name}" = {json.dumps(value)}\n')
        for scheme, key in given.get("schemes", {}).items():
            file.write(f"auth.openapi.{scheme}.api_key = {json.dumps(key)}\n")
    tool = os.path.join(os.path.dirname(sys.executable), "schemathesis")
    words = [
        tool, f"--config-file={config}", "run", f"{base}/{document}", f"--checks={CHECKS}", f"--max-examples={examples}",
        "--phases=examples,coverage,fuzzing", "--seed=1", f"--request-timeout={REQUEST_WAIT_S}", "--no-color",
        "--warnings=off", "--suppress-health-check=all", "--continue-on-failure", "--output-truncate=true",
    ]  # fmt: skip
    words += [f"--header={name}:{value}" for name, value in given.get("headers", {}).items()]
    runs = [[*words, f"--exclude-path-regex={ENDING}"]]
    if any(re.search(ENDING, path) for path in call(base, "GET", f"/{document}")[2]["paths"]):
        runs.append([*words, f"--include-path-regex={ENDING}"])
    return all([subprocess.run(run, cwd=folder, check=False).returncode == 0 for run in runs])


def main():
    binary, examples = sys.argv[1], sys.argv[2]
    wanted = sys.argv[3:] or list(DOCUMENTS)
    for document in wanted:
        with standin.running_in(binary, DEMO) as (base, data), tempfile.TemporaryDirectory() as folder:
            given = DOCUMENTS[document](base, data)
            standin.check(f"{document}: no 5xx, nothing undocumented", fuzz(base, document, given, examples, folder), True)


main()
