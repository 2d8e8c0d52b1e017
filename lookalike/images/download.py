"""Download of an archive: resumed where it broke off, tried again, verified by its checksum.

The code is our own: pooch and urllib3's `Retry` do not resume a broken body, and `curl
--continue-at` fails if the server ignores ranges (error 33) or the part is already whole (416).
"""

import hashlib
import re
import time
from http.client import HTTPResponse
from pathlib import Path
from typing import BinaryIO

from lookalike.core.errors import InputError
from lookalike.core.types import StrPath

TIMEOUT = 30  # seconds without a byte
PAUSES = (1, 3, 10)  # seconds before each new try


def fetch(path: StrPath, url: str | None = None, checksum: str | None = None) -> None:
    """Make sure that an archive is there and whole: download it unless it is there, then verify it.

    Parameters
    ----------
    path : path
        Of the archive. A download grows next to it, as `{path}.part`, and stays there when it
        breaks off.
    url : str, optional
        Where it comes from; None for an archive that must be there.
    checksum : str, optional
        `md5:...` or `sha256:...`; a download must have one.

    Raises
    ------
    InputError
        If it cannot be downloaded, or its checksum differs. A wrong download is deleted; a file
        that was there before is not.
    """
    path = Path(path)
    if url is None or path.exists():
        if checksum and (found := checksum_like(checksum, path)) != checksum:
            remedy = "remove it, and it is downloaded again" if url else "get it again"
            raise InputError(
                f"{path}: its checksum is {found}, not {checksum}; {remedy}, or correct "
                "images.checksum"
            )
        return
    if checksum is None:
        raise ValueError(f"{url}: a download needs a checksum")
    part = path.with_name(f"{path.name}.part")
    resumed = part.exists()
    part.parent.mkdir(parents=True, exist_ok=True)
    download(url, part, path)
    if resumed and checksum_like(checksum, part) != checksum:
        print(f"{part}: the end does not fit the beginning; it is downloaded again from the start")
        part.unlink()
        download(url, part, path)
    if (found := checksum_like(checksum, part)) != checksum:
        part.unlink()
        raise InputError(
            f"{path}: what was downloaded has the checksum `{found}`, not {checksum}; it is "
            "deleted: run again, or correct images.checksum"
        )
    part.rename(path)
    print(f"{path}: verified, {checksum}")


def checksum_like(checksum: str, path: StrPath) -> str:
    """Return the checksum of a file, of the same kind as a given one."""
    kind = checksum.partition(":")[0]
    with Path(path).open("rb") as file:
        digest = hashlib.file_digest(file, lambda: hashlib.new(kind, usedforsecurity=False))
        return f"{kind}:{digest.hexdigest()}"


def download(url: str, part: Path, path: Path) -> None:
    """Download a file to `part`, with new tries after errors that may pass.

    The error asks the user to put the file at `path` by hand.
    """
    from http.client import HTTPException
    from urllib.error import HTTPError, URLError

    for pause in (*PAUSES, None):
        try:
            receive(url, part)
            break
        except (OSError, HTTPException, ValueError) as error:
            reason = error.reason if type(error) is URLError else str(error) or type(error).__name__
            is_refused = (
                isinstance(error, HTTPError) and error.code < 500 and error.code not in (408, 429)
            )
            is_final = is_refused or isinstance(error, ValueError)
        if pause is None or is_final:
            kept = "run again to go on where it broke off, or " if part.exists() else ""
            raise InputError(
                f"{url}: cannot be downloaded ({reason}); {kept}fetch it elsewhere and put "
                f"it at {path}, or unpack it and give the folder as images.source"
            )
        print(f"{url}: {reason}; next try in {pause} s")
        time.sleep(pause)


def receive(url: str, part: Path) -> None:
    """Receive a file in one go, from where its part ends, or from the start if the server ignores
    ranges.
    """
    from urllib.error import HTTPError
    from urllib.request import Request, urlopen

    size = part.stat().st_size if part.exists() else 0
    headers = {"User-Agent": "lookalike"} | ({"Range": f"bytes={size}-"} if size else {})
    try:
        response = urlopen(Request(url, headers=headers), timeout=TIMEOUT)
    except HTTPError as error:
        # Nothing follows the part: it is whole, or wrong, which its checksum shows.
        if size and error.code == 416:
            return
        raise
    with response, part.open("ab") as file:
        given = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
        start = int(given[1]) if response.status == 206 and given else 0
        file.truncate(start)
        save(response, file, start, url)


def save(response: HTTPResponse, file: BinaryIO, start: int, url: str) -> None:
    """Write a response's body to a file, and print the progress: a line every 5 percent."""
    total = start + response.length if response.length else None
    done = shown = start
    began = time.monotonic()
    while block := response.read1(2**16):
        file.write(block)
        done += len(block)
        if done - shown >= (total or 2**28) / 20 or done == total:
            speed = (done - start) / max(time.monotonic() - began, 1e-3)
            size = (
                f"{done / total:.0%} of {total / 1e6:.1f} MB" if total else f"{done / 1e6:.1f} MB"
            )
            print(f"{url}: {size}, {speed / 1e6:.1f} MB/s")
            shown = done
    if total and done < total:
        raise ConnectionError(f"it broke off after {done / 1e6:.1f} of {total / 1e6:.1f} MB")
