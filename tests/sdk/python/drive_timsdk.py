"""Drives the package timsdk 1.1.12 against the built server: python drive_timsdk.py target/debug/standin

The package calls https://console.tim.qq.com and has no option for another address. As docs/quickstarts.md says, that name is resolved to this machine
here, and the server has a certificate for it that the package is told to trust.
"""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
from urllib.parse import urlparse

import timsdk
import urllib3.util.connection

from standin import SDK_APP_ID, SECRET, check, running_in

HOST = "console.tim.qq.com"


@contextlib.contextmanager
def certified():
    """Writes a certificate for the vendor's host name, and its key, to files."""
    with tempfile.TemporaryDirectory() as folder:
        certificate, key = os.path.join(folder, "chain.pem"), os.path.join(folder, "key.pem")
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
        command += ["-subj", "/CN=standin", "-addext", f"subjectAltName=DNS:{HOST}", "-keyout", key, "-out", certificate]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        yield certificate, key


def resolve(port):
    """Maps the host name to loopback, as a line of /etc/hosts would, and forwards port 443 to the server."""
    connect = urllib3.util.connection.create_connection

    def mapped(address, *more, **named):
        if address[0] != HOST:
            raise socket.gaierror(f"{address[0]} is not to be called")
        return connect(("127.0.0.1", port), *more, **named)

    urllib3.util.connection.create_connection = mapped


def is_done(what, answer):
    check(what, (answer["ActionStatus"], answer["ErrorCode"]), ("OK", 0))
    return answer


def accounts(client):
    is_done("account_import", client.im_open_login_svc.account_import("ada", nick="Ada", face_url="https://example.com/a.png"))
    is_done("multiaccount_import", client.im_open_login_svc.im_open_login_svc(["bob", "eve"]))
    checked = is_done("account_check", client.im_open_login_svc.account_check(["ada", "nobody"]))
    statuses = [(item["UserID"], item["AccountStatus"]) for item in checked["ResultItem"]]
    check("account_check: who is there", statuses, [("ada", "Imported"), ("nobody", "NotImported")])
    is_done("kick", client.im_open_login_svc.kick("eve"))
    is_done("account_delete", client.im_open_login_svc.account_delete(["eve"]))
    queried = is_done("querystate", client.open_im.query_state(["ada", "bob"]))
    check("querystate: nobody is online", [item["State"] for item in queried["QueryResult"]], ["Offline", "Offline"])


def profiles(client):
    item = {"Tag": "Tag_Profile_IM_SelfSignature", "Value": "here"}
    is_done("portrait_set", client.profile.portrait_set("ada", [item]))
    tags = ["Tag_Profile_IM_Nick", "Tag_Profile_IM_Image", "Tag_Profile_IM_SelfSignature"]
    got = is_done("portrait_get", client.profile.portrait_get(["ada"], tags))
    values = [item["Value"] for item in got["UserProfileItem"][0]["ProfileItem"]]
    check("portrait_get: what was set", values, ["Ada", "https://example.com/a.png", "here"])
    is_done("portrait_get, the package's own tags", client.profile.portrait_get(["ada"]))


def friends(client):
    sns = client.sns
    is_done("friend_add", sns.friend_add("ada", [{"To_Account": "bob", "AddSource": "AddSource_Type_Web"}]))
    got = is_done("friend_get", sns.friend_get("ada"))
    check("friend_get: the friend", [item["To_Account"] for item in got["UserDataItem"]], ["bob"])
    checked = is_done("friend_check", sns.friend_check("ada", ["bob"]))
    check("friend_check", checked["InfoItem"][0]["Relation"], "CheckResult_Type_BothWay")
    is_done("group_add", sns.group_add("ada", ["work"], ["bob"]))
    is_done("friend_get_list", sns.friend_get_list("ada", ["bob"], ["Tag_SNS_IM_Group"]))
    is_done("group_delete", sns.group_delete("ada", ["work"]))
    is_done("friend_delete", sns.friend_delete("ada", ["bob"]))
    is_done("black_list_add", sns.black_list_add("ada", ["bob"]))
    got = is_done("black_list_get", sns.black_list_get("ada"))
    check("black_list_get: who is blocked", [item["To_Account"] for item in got["BlackListItem"]], ["bob"])
    is_done("black_list_check", sns.black_list_check("ada", ["bob"]))
    is_done("black_list_delete", sns.black_list_delete("ada", ["bob"]))
    is_done("friend_delete_all", sns.friend_delete_all("ada"))


def main(binary):
    with certified() as (certificate, key):
        settings = {"STANDIN_TLS_CERTIFICATE": certificate, "STANDIN_TLS_KEY": key, "STANDIN_LISTEN": "https://127.0.0.1:0"}
        os.environ["REQUESTS_CA_BUNDLE"] = certificate
        # Calls on loopback must not go through a proxy.
        os.environ["NO_PROXY"] = HOST
        with running_in(binary, settings) as (base, _):
            resolve(urlparse(base).port)
            client = timsdk.TimClient(SDK_APP_ID, SECRET)
            accounts(client)
            profiles(client)
            friends(client)


if __name__ == "__main__":
    main(sys.argv[1])
