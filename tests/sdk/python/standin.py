"""Starts the built server for the Python runs, and counts their checks.

One line for each check. The first wrong thing ends the run with exit code 1. The server has a data folder of its own and listens on
loopback alone; it is stopped by its process id however the run ends.
"""

import contextlib
import os
import queue
import re
import subprocess
import sys
import tempfile
import threading

APP_ID = "houseapp"
SECRET = "0123456789abcdef0123456789abcdef"
SDK_APP_ID = 1400000001
START_WAIT_S = 20
STOP_WAIT_S = 10


def check(what, seen, expected):
    if seen != expected:
        sys.exit(f"WRONG {what}: {seen!r} instead of {expected!r}")
    print(f"ok    {what}")


def start(binary, data, settings):
    """Starts the server with these settings and no other variables. Returns the process and its address."""
    environment = {
        "STANDIN_DATA": data,
        "STANDIN_LISTEN": "127.0.0.1:0",
        "STANDIN_APP_ID": APP_ID,
        "STANDIN_APP_SECRET": SECRET,
        "STANDIN_SDK_APP_ID": str(SDK_APP_ID),
        **settings,
    }
    server = subprocess.Popen(
        [os.path.abspath(binary)], env=environment, cwd=os.path.dirname(data), stdout=subprocess.PIPE, text=True
    )
    addresses = queue.Queue()

    def read():
        for line in server.stdout:
            found = re.search(r"listening on (\S+)", line)
            if found:
                addresses.put(found.group(1))
        addresses.put(None)

    threading.Thread(target=read, daemon=True).start()
    try:
        address = addresses.get(timeout=START_WAIT_S)
    except queue.Empty:
        address = None
    return server, address


def stop(server):
    server.terminate()
    try:
        server.wait(STOP_WAIT_S)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


@contextlib.contextmanager
def running(binary):
    """Runs a server on a new folder, and yields its address."""
    with running_in(binary, {}) as (base, _):
        yield base


@contextlib.contextmanager
def running_in(binary, settings):
    """As `running`, with these settings; yields the address and the data folder."""
    with tempfile.TemporaryDirectory() as folder:
        data = os.path.join(folder, "data")
        server, base = start(binary, data, settings)
        try:
            check("the server has an address", base is not None, True)
            yield base, data
        finally:
            stop(server)
