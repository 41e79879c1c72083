"""Compares what the built server keeps of each picture of the corpus with what Pillow shows of it.

Pillow decodes JPEG with libjpeg-turbo, WebP with libwebp, and PNG with zlib and its own unfiltering. The decoded pixels are uploaded as a plain PNG beside the file itself, so that both go
through the same shrinking and encoding; the two `full` renditions must then be the same picture. `list.tsv` says of each file whether it
is to be shown, to be refused or either, and names the file to compare with where Pillow is no reference (colour management, animation).
"""

import contextlib
import http.client
import io
import json
import os
import sys
import urllib.parse

from PIL import Image, ImageChops, ImageFile, features

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "sdk", "python"))
import standin  # noqa: E402

KINDS = ("jpeg", "png", "gif", "webp")
# The largest difference of a sample, by the format of the rendition. Uploaded JPEGs may not differ: both decoders are exact. In other
# formats 16 bits are rounded in two ways, colours are converted in fixed point, and the JPEG encoder can turn a difference of 1 into several.
APART_MAX = {"PNG": 2, "JPEG": 9}
# A complete file may lack its end marker. Without this setting Pillow refuses it as truncated.
ImageFile.LOAD_TRUNCATED_IMAGES = True
SETTINGS = {"STANDIN_UPLOADS_PER_MINUTE": "1000000", "STANDIN_UPLOADS_PER_DAY": "1000000"}
REQUEST_WAIT_S = 30
BOUNDARY = "corpus-5f2e8a"


class Server:
    def __init__(self, base):
        self.base = base
        self.connection = http.client.HTTPConnection(urllib.parse.urlsplit(base).netloc, timeout=REQUEST_WAIT_S)
        self.headers = {"QISCUS-SDK-APP-ID": standin.APP_ID, "Content-Type": "application/json"}
        login = {"email": "corpus", "password": "a long enough key"}
        status, answer = self.call("POST", "/api/v2/sdk/login_or_register", json.dumps(login).encode())
        standin.check("a user logs in", status, 200)
        self.headers["QISCUS-SDK-TOKEN"] = json.loads(answer)["results"]["user"]["token"]
        self.headers["Content-Type"] = f"multipart/form-data; boundary={BOUNDARY}"
        self.kept = {}

    def call(self, method, path, body=None):
        self.connection.request(method, path, body, self.headers)
        answer = self.connection.getresponse()
        return answer.status, answer.read()

    def keep(self, file):
        """Uploads a file; the `full` rendition, or None and the refusal."""
        if file not in self.kept:
            head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
            body = head.encode() + file + f"\r\n--{BOUNDARY}--\r\n".encode()
            status, answer = self.call("POST", "/api/v2/sdk/upload", body)
            if status == 200:
                url = json.loads(answer)["results"]["file"]["url"]
                status, full = self.call("GET", url.removeprefix(self.base))
                if status != 200:
                    sys.exit(f"WRONG {status} for the rendition {url}")
                self.kept[file] = (full, None)
            elif 400 <= status < 500:
                self.kept[file] = (None, json.loads(answer))
            else:
                sys.exit(f"WRONG {status} for an upload: {answer!r}")
        return self.kept[file]


def shown_by_pillow(path):
    """A plain PNG of what Pillow shows of a file."""
    with Image.open(path) as image:
        has_alpha = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
        shown = image.convert("RGBA" if has_alpha else "RGB")
    file = io.BytesIO()
    shown.save(file, "PNG", compress_level=1)
    return file.getvalue()


def apart(kind, one, other):
    """Says how two renditions differ; None when they do not, or by no more than they may."""
    if one == other:
        return None
    with Image.open(io.BytesIO(one)) as one, Image.open(io.BytesIO(other)) as other:
        if one.size != other.size or one.format != other.format:
            return f"{one.format} of {one.size} instead of {other.format} of {other.size}"
        most_allowed = 0 if kind == "jpeg" else APART_MAX[one.format]
        # Premultiplied: what cannot be seen may have any colour.
        pictures = [Image.alpha_composite(Image.new("RGBA", one.size, "gray"), image.convert("RGBA")) for image in (one, other)]
        alphas = [image.convert("RGBA").getchannel("A") for image in (one, other)]
        differences = [*ImageChops.difference(*pictures).getextrema(), ImageChops.difference(*alphas).getextrema()]
        most = max(most for _, most in differences)
        return f"samples differ by {most}" if most > most_allowed else None


def judged(server, folder, kind, name, expected, reference):
    """What is wrong with a file's outcome; None when nothing is. And whether it was shown."""
    path = os.path.join(folder, name)
    with open(path, "rb") as file:
        full, refusal = server.keep(file.read())
    if full is None:
        return (f"refused: {refusal}" if expected == "shown" else None), False
    if expected == "refused":
        return "shown, and was to be refused", True
    try:
        if reference:
            with open(os.path.join(folder, reference), "rb") as file:
                plain = file.read()
        else:
            plain = shown_by_pillow(path)
    except (OSError, SyntaxError, ValueError) as error:
        return f"shown, but the reference refuses it: {error}", True
    wanted, refusal = server.keep(plain)
    if wanted is None:
        return f"the reference is refused: {refusal}", True
    difference = apart(kind, full, wanted)
    return (f"shown otherwise than by the reference: {difference}" if difference else None), True


def main(binary, corpus, kinds):
    codecs = ", ".join(f"{name} {features.version(name)}" for name in ("libjpeg_turbo", "zlib", "webp"))
    print(f"Pillow with {codecs}")
    standin.check("libjpeg-turbo is the reference", features.check_feature("libjpeg_turbo"), True)
    wrong = 0
    with standin.running_in(binary, SETTINGS) as (base, _):
        server = Server(base)
        with contextlib.closing(server.connection):
            for kind in kinds or KINDS:
                folder = os.path.join(corpus, kind)
                with open(os.path.join(folder, "list.tsv"), encoding="ascii") as lines:
                    members = [line.rstrip("\n").split("\t") for line in lines]
                shown = 0
                for name, expected, reference in members:
                    fault, is_shown = judged(server, folder, kind, name, expected, reference)
                    shown += is_shown
                    if fault:
                        wrong += 1
                        print(f"WRONG {name}: {fault}")
                standin.check(f"the corpus has files of kind {kind}", len(members) > 0, True)
                print(f"      {kind}: {len(members)} files, {shown} shown as by the reference, the others refused")
    if wrong:
        sys.exit(f"{wrong} files are shown otherwise than they should be")


main(sys.argv[1], sys.argv[2], sys.argv[3:])
