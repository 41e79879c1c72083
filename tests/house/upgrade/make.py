#!/usr/bin/env python3
"""Makes the fixture of a schema version: the data folder that a Standin of that version leaves behind, and what it answered.

make.py BINARY NNNN, from the folder of this file. BINARY is built from the last commit at which NNNN was the newest schema. What that
version does not serve yet is left out. The folder NNNN gets standin.db.gz, server.key, pictures/, and answers.json.
"""
import base64, gzip, hashlib, hmac, json, os, pathlib, shutil, signal, socket, sqlite3, struct, subprocess, sys, tempfile, time, urllib.request, zlib

APP, SECRET, LICENSE, PASSWORD, NUMBER = "oldapp", "0123456789abcdef0123456789abcdef", "OLDLICENSEKEY0123456789a", "an old password", 1400000002


def photo():
    """A PNG of 64 x 48."""
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + bytes(part for x in range(64) for part in (x * 4, y * 5, 128)) for y in range(48))
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 64, 48, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def main(binary, version):
    with tempfile.TemporaryDirectory() as folder:
        old = Old(binary, pathlib.Path(folder) / "data")
        try:
            old.fill()
            old.read_all()
        finally:
            old.process.send_signal(signal.SIGTERM)
            old.process.wait(30)
        keep(old, pathlib.Path(__file__).parent / version, version)


def keep(old, out, version):
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    database = old.data / "standin.db"
    found = sqlite3.connect(database).execute("PRAGMA user_version").fetchone()[0]
    assert found == int(version), f"this binary makes schema {found}"
    (out / "standin.db.gz").write_bytes(gzip.compress(database.read_bytes(), 9, mtime=0))
    shutil.copyfile(old.data / "server.key", out / "server.key")
    shutil.copytree(old.data / "pictures", out / "pictures")
    answers = {"user_token": old.user_token, "issued_password": old.issued_password, "answers": old.answers}
    (out / "answers.json").write_text(json.dumps(answers, indent=2, ensure_ascii=False) + "\n")


class Old:
    def __init__(self, binary, data):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.binary, self.data, self.base, self.answers = binary, data, f"http://127.0.0.1:{port}", []
        self.user_token = self.issued_password = None
        given = {"APP_ID": APP, "APP_SECRET": SECRET, "LICENSE_KEY": LICENSE, "APP_PASSWORD": PASSWORD, "SDK_APP_ID": str(NUMBER)}
        self.variables = {f"STANDIN_{name}": value for name, value in given.items()} | {"STANDIN_DATA": str(data)}
        command = [binary, "serve", "--listen", f"127.0.0.1:{port}"]
        self.process = subprocess.Popen(command, env=self.variables, stdout=subprocess.DEVNULL)
        for _ in range(400):
            try:
                urllib.request.urlopen(self.base + "/").close()
                return
            except urllib.error.HTTPError:
                return
            except OSError:
                time.sleep(0.05)
        raise SystemExit("no answer")

    def call(self, method, path, headers={}, body=None):
        request = urllib.request.Request(self.base + path, body, dict(headers), method=method)
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read()

    def json(self, method, path, headers={}, body=None):
        raw = None if body is None else json.dumps(body).encode()
        status, said = self.call(method, path, {"Content-Type": "application/json", **headers}, raw)
        return status, json.loads(said or b"null")

    def qiscus(self, method, call, body=None):
        headers = {"QISCUS-SDK-APP-ID": APP, "QISCUS-SDK-SECRET": SECRET}
        return self.json(method, f"/api/v2.1/rest/{call}", headers, body)

    def signed_in(self, username, password):
        return self.json("POST", "/api/v1/login", {}, {"username": username, "password": password})[1]["data"]["token"]

    def tencent(self, command, body):
        return self.json("POST", f"/v4/{command}?{signature()}", {}, body)

    def fill(self):
        for id, more in {
            "ada": {"password": "hers", "username": "Ada", "avatar_url": "https://image.url/ada.png", "extras": {"since": 1815}},
            "bob@example.com": {"password": "his", "username": "Bob \u00e9\u4e2d\U0001f600"},
            "eve": {"password": "x", "username": "Eve"},
        }.items():
            # What extras are sent as has changed on the way.
            status, said = self.qiscus("POST", "login_or_register", {"user_id": id, **more})
            if status != 200 and "extras" in more:
                status, said = self.qiscus("POST", "login_or_register", {"user_id": id, **{k: v for k, v in more.items() if k != "extras"}})
            assert status == 200, said
        self.user_token = find(self.qiscus("POST", "reset_user_token", {"user_id": "ada"})[1], "token")
        self.qiscus("DELETE", "deactivate_users", {"user_ids": ["eve"]})
        back_end = {"Authorization": self.signed_in("administrator", PASSWORD)}
        made = self.create_user(back_end, {"userIdentifier": "cyn", "nickname": "Cyn", "email": "cyn@example.com",
            "mobileNumber": "+62 812-1", "metadataKey1": "team", "metadataValue1": "red"}, photo())
        self.issued_password = made["password"]
        self.create_user(back_end, {"userIdentifier": "dan", "nickname": "Dan", "mobileNumber": "628122"})
        cyn = {"Authorization": made["token"]}
        contacts = {"addContacts": [{"mobileNumber": "628122", "name": "Dan of work"}], "deleteContacts": [], "contactPermission": True,
            "forceDelete": False}
        self.json("POST", "/api/v1/contacts/syncContactsNew", cyn, contacts)
        self.json("POST", "/api/v1/users/block", cyn, {"username": "ada", "userId": "ada"})
        subprocess.run([self.binary, "app", "field", "add", "Team"], env=self.variables, capture_output=True)
        self.tencent("im_open_login_svc/multiaccount_import", {"Accounts": ["tia", "uwe", "vic"]})
        profile = [("IM_Nick", "Tia"), ("IM_Gender", "Gender_Type_Female"), ("IM_AllowType", "AllowType_Type_NeedConfirm"), ("Custom_Team", "blue")]
        items = [{"Tag": f"Tag_Profile_{tag}", "Value": value} for tag, value in profile]
        self.tencent("profile/portrait_set", {"From_Account": "tia", "ProfileItem": items})
        friend = {"To_Account": "uwe", "AddSource": "AddSource_Type_Old", "GroupName": "work", "Remark": "U."}
        self.tencent("sns/friend_add", {"From_Account": "tia", "AddFriendItem": [friend], "AddType": "Add_Type_Both", "ForceAddFlags": 1})
        wish = {"To_Account": "tia", "AddSource": "AddSource_Type_Old", "AddWording": "It is me"}
        self.tencent("sns/friend_add", {"From_Account": "vic", "AddFriendItem": [wish], "AddType": "Add_Type_Both"})
        self.tencent("sns/black_list_add", {"From_Account": "uwe", "To_Account": ["vic"]})
        self.chat(cyn)
        subprocess.run([self.binary, "admin", "create", "ada", "--password-stdin"], input=b"a password of twelve", env=self.variables,
            capture_output=True)

    def chat(self, cyn):
        """Conversations through all three vendors: a reply, a change, a recall, marks of reading, a pin, a cleared one."""
        self.room = find_number(self.qiscus("POST", "get_or_create_room_with_target", {"user_ids": ["ada", "bob@example.com"]})[1], "id", "room_id")
        for sender, text in [("ada", "Hello \u00e9\u4e2d\U0001f600"), ("bob@example.com", "An answer"), ("ada", "The last one")]:
            self.qiscus("POST", "post_comment", {"user_id": sender, "room_id": str(self.room), "type": "text", "message": text})
        for text in ["Hello", "Hello again"]:
            self.json("POST", "/api/v1/chat/sendmessage", cyn, {"toUser": "dan", "message": text})
        keys = []
        for number, (sender, text) in enumerate([("tia", "one"), ("uwe", "two"), ("tia", "three"), ("tia", "four")]):
            element = [{"MsgType": "TIMTextElem", "MsgContent": {"Text": text}}]
            said = self.tencent("openim/sendmsg", {"From_Account": sender, "To_Account": "uwe" if sender == "tia" else "tia", "MsgSeq": number,
                "MsgRandom": number, "MsgBody": element, "CloudCustomData": text})[1]
            keys.append(said.get("MsgKey"))
        changed = [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "changed"}}]
        self.tencent("openim/modify_c2c_msg", {"From_Account": "tia", "To_Account": "uwe", "MsgKey": keys[0], "MsgBody": changed})
        self.tencent("openim/admin_msgwithdraw", {"From_Account": "tia", "To_Account": "uwe", "MsgKey": keys[2]})
        self.tencent("openim/admin_set_msg_read", {"Report_Account": "tia", "Peer_Account": "uwe"})

    def create_user(self, back_end, fields, picture=None):
        bound, body = "fixture", b""
        for name, value in {"deviceType": "web", "licenseKey": LICENSE, **fields}.items():
            body += f'--{bound}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        if picture:
            body += f'--{bound}\r\nContent-Disposition: form-data; name="profileFile"; filename="a.png"\r\n\r\n'.encode() + picture + b"\r\n"
        body += f"--{bound}--\r\n".encode()
        headers = {"Content-Type": f"multipart/form-data; boundary={bound}", **back_end}
        status, said = self.call("POST", "/api/v1/users/createUser", headers, body)
        assert status == 200, said
        return json.loads(said)["data"]

    def read_all(self):
        for id in ["ada", "bob@example.com", "eve", "cyn", "dan"]:
            self.read("qiscus", "GET", f"/api/v2.1/rest/user_profile?user_id={id}")
        self.read("qiscus", "GET", "/api/v2.1/rest/get_user_list?limit=100")
        self.read("qiscus", "GET", "/api/v2.1/rest/get_user_token?user_id=bob@example.com")
        self.read("back_end", "GET", "/api/v1/users/cyn")
        self.read("cyn", "GET", "/api/v1/contacts/contactsList")
        self.read("cyn", "GET", "/api/v1/users/getMetaData")
        self.read("token", "GET", "/api/v2/sdk/my_profile")
        self.read("tencent", "POST", "profile/portrait_get", {"To_Account": ["tia", "ada", "cyn"]})
        self.read("tencent", "POST", "sns/friend_get", {"From_Account": "tia", "StartIndex": 0})
        self.read("tencent", "POST", "sns/black_list_get", {"From_Account": "uwe", "StartIndex": 0, "MaxLimited": 10, "LastSequence": 0})
        self.read("tencent", "POST", "sns/pendency_get", {"From_Account": "tia", "PendencyType": "Pendency_Type_ComeIn", "StartTime": 0,
            "MaxLimited": 10, "LastSequence": 0})

        self.read("qiscus", "GET", f"/api/v2.1/rest/load_comments?room_id={self.room}&limit=20")
        self.read("qiscus", "GET", "/api/v2.1/rest/get_user_unread_count?user_ids[]=bob@example.com&user_ids[]=ada")
        self.read("cyn", "GET", "/api/v1/chat/recent-chats")
        self.read("cyn", "GET", "/api/v1/chat/chat-history?participant=dan")
        self.read("tencent", "POST", "openim/admin_getroammsg", {"Operator_Account": "uwe", "Peer_Account": "tia", "MaxCnt": 100})
        self.read("tencent", "POST", "openim/get_c2c_unread_msg_num", {"To_Account": "uwe"})
        self.read("tencent", "POST", "recentcontact/get_list", {"From_Account": "tia", "TimeStamp": 0, "StartIndex": 0, "Count": 10})

    def read(self, who, method, path, body=None):
        headers = {
            "qiscus": lambda: {"QISCUS-SDK-APP-ID": APP, "QISCUS-SDK-SECRET": SECRET},
            "back_end": lambda: {"Authorization": self.signed_in("administrator", PASSWORD)},
            "cyn": lambda: {"Authorization": self.signed_in("cyn", self.issued_password)},
            "token": lambda: {"QISCUS-SDK-APP-ID": APP, "QISCUS-SDK-TOKEN": self.user_token},
            "tencent": dict,
        }[who]()
        try:
            status, said = self.tencent(path, body) if who == "tencent" else self.json(method, path, headers, body)
        except (ValueError, KeyError, TypeError):
            return
        if status == 200 and isinstance(said, dict) and said.get("status", 200) == 200 and said.get("ErrorCode", 0) == 0:
            said = json.loads(json.dumps(said).replace(self.base, "http://BASE"))
            self.answers.append({"as": who, "method": method, "path": path, "body": body, "answer": said})


def find(value, name):
    if isinstance(value, dict):
        if isinstance(value.get(name), str):
            return value[name]
        value = list(value.values())
    found = [find(each, name) for each in value] if isinstance(value, list) else []
    return next((each for each in found if each), None)


def find_number(value, *names):
    """The first number under one of these names."""
    if isinstance(value, dict):
        found = next((value[name] for name in names if str(value.get(name, "")).isdigit()), None)
        if found is not None:
            return found
        value = list(value.values())
    found = [find_number(each, *names) for each in value] if isinstance(value, list) else []
    return next((each for each in found if each), None)


def signature():
    now, day = int(time.time()), 86400
    text = f"TLS.identifier:administrator\nTLS.sdkappid:{NUMBER}\nTLS.time:{now}\nTLS.expire:{day}\n"
    mac = base64.b64encode(hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).digest()).decode()
    facts = {"TLS.ver": "2.0", "TLS.identifier": "administrator", "TLS.sdkappid": NUMBER, "TLS.expire": day, "TLS.time": now, "TLS.sig": mac}
    packed = base64.b64encode(zlib.compress(json.dumps(facts).encode())).decode()
    sig = packed.replace("+", "*").replace("/", "-").replace("=", "_")
    return f"sdkappid={NUMBER}&identifier=administrator&usersig={sig}&random=1&contenttype=json"


if __name__ == "__main__":
    main(*sys.argv[1:])
