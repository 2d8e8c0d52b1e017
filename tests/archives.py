"""Archives of small images, and a server on loopback that can misbehave in the ways that servers
and lines do.
"""

import contextlib
import hashlib
import io
import re
import tarfile
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from PIL import Image

CLASSES = ("n01440764", "n02102040")


def picture(number):
    """Return the bytes of a small image that no other number has."""
    buffer = io.BytesIO()
    Image.effect_noise((32, 32), 50 + number).convert("RGB").save(buffer, "jpeg")
    return buffer.getvalue()


def imagenette(top="imagenette2-160/", count=3):
    """Return files by their name, in Imagenette's layout: `count` images for each split and class,
    and a table next to them.
    """
    places = [
        (split, label, number)
        for split in ("train", "val")
        for label in CLASSES
        for number in range(count)
    ]
    files = {
        f"{top}{split}/{label}/{split}_{label}_{number}.JPEG": picture(place)
        for place, (split, label, number) in enumerate(places)
    }
    return {f"{top}noisy_imagenette.csv": b"path,noisy_labels_0\n"} | files


def pack(path, files, *more):
    """Write files, bytes by their name, into an archive of the kind that the suffix names; `more`
    are members made by the test.
    """
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in [*files.items(), *more]:
                archive.writestr(name, content)
        return path
    with tarfile.open(path, "w" if path.suffix == ".tar" else "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        for member in more:
            archive.addfile(member)
    return path


def sha256_of(content):
    """Return the checksum of some bytes as the config needs it."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def names_in(folder):
    """Return the names of all files and folders below a folder, sorted."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


class Handler(BaseHTTPRequestHandler):
    """Answers GET with the server's files, from the byte that is asked for."""

    def do_GET(self):
        server = self.server
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(wanted[1]) if wanted and server.knows_ranges else 0
        server.requests.append((self.path, int(wanted[1]) if wanted else 0))
        content = server.files.get(self.path)
        status = server.statuses.pop(0) if server.statuses else None
        if status or content is None or (start and start >= len(content)):
            self.send_error(status or (404 if content is None else 416))
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(content) - start))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        self.wfile.write(content[start : server.breaks.pop(0) if server.breaks else None])
        if server.stalls:
            server.stopped.wait(30)

    def log_message(self, *_):
        """Keep the output of the tests clean."""


@contextlib.contextmanager
def serving(files):
    """Serve bytes by their path; yield the server.

    `requests` collects the requested paths, each with its first byte. `statuses` are the first
    answers (None for the file itself), `breaks` the bytes at which the first files break off.
    """
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.files, server.requests, server.statuses, server.breaks = files, [], [], []
    server.knows_ranges, server.stalls, server.stopped = True, False, threading.Event()
    server.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
    ).start()
    try:
        yield server
    finally:
        server.stopped.set()
        server.shutdown()
        server.server_close()
