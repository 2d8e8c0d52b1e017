"""Images from an archive: downloaded once, verified, unpacked so that nothing leaves its folder."""

import hashlib
import re
import shutil
import stat
import time
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from lookalike.core.errors import InputError
from lookalike.images.manifest import SPLITS, SUFFIXES

IMAGENETTE = "https://s3.amazonaws.com/fast-ai-imageclas"
# Names that stand for the URL of an archive and its checksum.
KNOWN = {
    "imagenette2": (f"{IMAGENETTE}/imagenette2.tgz", "md5:fe2fc210e6bb7c5664d602c3cd71e612"),
    "imagenette2-320": (
        f"{IMAGENETTE}/imagenette2-320.tgz",
        "md5:3df6f0d01a2c9592104656642f5e78a3",
    ),
    "imagenette2-160": (
        f"{IMAGENETTE}/imagenette2-160.tgz",
        "md5:e793b78cc4c9e9a4ccc0c1155377a412",
    ),
}
ARCHIVE = re.compile(r"(.+?)(\.tgz|\.tar\.gz|\.tar|\.zip)", re.I)
# Stands in every folder that was unpacked here, so that nobody's own folder is taken for one.
STAMP = ".unpacked"
TIMEOUT = 30  # seconds without a byte
PAUSES = (1, 3, 10)  # seconds before each new try


def find_archive(source, checksum=None):
    """Tell which archive a source of images stands for.

    Parameters
    ----------
    source : str
        A name out of `KNOWN`, the URL or the path of an archive, or anything else.
    checksum : str, optional
        `md5:...` or `sha256:...` of the archive; a URL wants one, a name out of `KNOWN` has its
        own.

    Returns
    -------
    dict
        From the name of the folder that it is unpacked to, to its `url` (None for an archive that
        is there already), `path` and `checksum` (None where nothing is to be verified). Empty if
        the source is no archive.

    Raises
    ------
    InputError
        If the checksum is missing, or one too many, or the URL is not that of an archive.
    """
    url = None
    if source in KNOWN and checksum is None:
        source, checksum = KNOWN[source]
    if source.lower().startswith(("http://", "https://")):
        url, source = source, PurePosixPath(unquote(urlsplit(source).path)).name
        if checksum is None:
            raise InputError(
                f"config: images.source: {url} wants `images.checksum: sha256:...` (or "
                "md5:...), so that a broken download is noticed"
            )
    match = ARCHIVE.fullmatch(Path(source).name)
    if match is None or (url is None and Path(source).is_dir()):
        if url:
            raise InputError(
                f"config: images.source: {url} is no .tgz, .tar.gz, .tar or .zip archive"
            )
        if checksum:
            raise InputError(
                f"config: images.checksum: {source!r} takes none; it goes with the URL or "
                "the path of an archive"
            )
        return {}
    name = re.sub(r"[^A-Za-z0-9_.-]", "_", match[1]).lstrip(".-") or "images"
    path = f"data/{name}{match[2].lower()}" if url else source
    return {name: {"url": url, "path": path, "checksum": checksum and checksum.lower()}}


def fetch(path, url=None, checksum=None):
    """Make sure that an archive is there and whole: download it unless it is there, then verify it.

    Parameters
    ----------
    path : path
        Of the archive. A download grows beside it, as `{path}.part`, and stays there when it breaks
        off.
    url : str, optional
        Where it comes from; None for an archive that must be there.
    checksum : str, optional
        `md5:...` or `sha256:...`; a download must have one.

    Raises
    ------
    InputError
        If it cannot be downloaded, or its checksum is another one. A download that is wrong is
        deleted, a file that was there is not.
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
    part = path.with_name(f"{path.name}.part")
    resumed = part.exists()
    part.parent.mkdir(parents=True, exist_ok=True)
    download(url, part, path)
    if resumed and checksum_like(checksum, part) != checksum:
        print(
            f"{part}: the end does not fit what was there before; it is downloaded from the "
            "start again"
        )
        part.unlink()
        download(url, part, path)
    if (found := checksum_like(checksum, part)) != checksum:
        part.unlink()
        raise InputError(
            f"{path}: the checksum of {url} is {found}, not {checksum}; the download is "
            "deleted: run again, or correct images.checksum"
        )
    part.rename(path)
    print(f"{path}: verified, {checksum}")


def checksum_like(checksum, path):
    """Return the checksum of a file, of the kind of another one."""
    kind = checksum.partition(":")[0]
    with Path(path).open("rb") as file:
        digest = hashlib.file_digest(file, lambda: hashlib.new(kind, usedforsecurity=False))
        return f"{kind}:{digest.hexdigest()}"


def download(url, part, path):
    """Download a file, trying again where it is worth it; `path` is where the error tells to put it
    by hand.
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
            is_final = pause is None or is_refused or isinstance(error, ValueError)
        if is_final:
            kept = "run again to go on where it broke off, or " if part.exists() else ""
            raise InputError(
                f"{url}: cannot be downloaded ({reason}); {kept}fetch it elsewhere and put "
                f"it at {path}, or unpack it and give the folder as images.source"
            )
        print(f"{url}: {reason}; next try in {pause} s")
        time.sleep(pause)


def receive(url, part):
    """Receive a file in one go, from where the part of it that is there ends, as far as the server
    lets one.
    """
    from urllib.error import HTTPError
    from urllib.request import Request, urlopen

    there = part.stat().st_size if part.exists() else 0
    headers = {"User-Agent": "lookalike"} | ({"Range": f"bytes={there}-"} if there else {})
    try:
        response = urlopen(Request(url, headers=headers), timeout=TIMEOUT)
    except HTTPError as error:
        # Nothing follows what is there: it is whole, which its checksum will tell.
        if there and error.code == 416:
            return
        raise
    with response, part.open("ab") as file:
        given = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
        start = int(given[1]) if response.status == 206 and given else 0
        file.truncate(start)
        save(response, file, start, url)


def save(response, file, start, url):
    """Write what a response brings to a file, and print how far it is: a line every 5 percent."""
    total = response.length and start + response.length
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


def unpack(archive, folder):
    """Unpack an archive of images into a folder that appears when it is whole.

    A folder in the archive that holds all the rest, as most archives have, is left out.

    Parameters
    ----------
    archive : path
        .tgz, .tar.gz, .tar or .zip.
    folder : path
        Must not exist.

    Raises
    ------
    InputError
        If the archive is broken, or a member of it is not a plain file or folder that stays below
        `folder`. Nothing is left on disk then.
    """
    archive, folder = Path(archive), Path(folder)
    temporary = folder.with_name(f".{folder.name}.unpacking")
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        temporary.mkdir(parents=True)
        (extract_zip if archive.suffix.lower() == ".zip" else extract_tar)(archive, temporary)
        top = top_of(temporary)
        (top / STAMP).write_text(f"{archive.name}\n", encoding="utf-8")
        top.rename(folder)
    except InputError:
        raise
    except Exception as error:
        reason = (str(error) or type(error).__name__).splitlines()[0].rstrip(":")
        raise InputError(
            f"{archive}: cannot be unpacked ({reason}); get it again if it is broken"
        ) from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def extract_tar(archive, folder):
    """Extract a tar archive, compressed or not."""
    import tarfile

    def checked(member, place):
        # tarfile's own filter would strip a leading slash without a word, and follow links to where
        # they lead.
        names = [member.name, member.linkname] if member.islnk() else [member.name]
        if not is_wanted(archive, names, member.isreg() or member.isdir() or member.islnk()):
            return None
        return tarfile.data_filter(member, place)

    with tarfile.open(archive) as file:
        file.extractall(folder, filter=checked)
        # What breaks off within a header is the end to tarfile; the true one is a block of zeros,
        # and gzip's checksum follows.
        file.fileobj.seek(file.offset)
        if file.fileobj.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
            raise EOFError("it ends in the middle")
        while file.fileobj.read(2**16):
            pass


def extract_zip(archive, folder):
    """Extract a zip archive."""
    from zipfile import ZipFile

    with ZipFile(archive) as file:
        for member in file.infolist():
            if is_wanted(
                archive,
                [member.filename],
                stat.S_IFMT(member.external_attr >> 16) in (0, stat.S_IFREG, stat.S_IFDIR),
            ):
                file.extract(member, folder)


def is_wanted(archive, names, is_plain):
    """Refuse a member of an archive that could write elsewhere, and tell whether it is more than
    what a Mac adds.
    """
    paths = [name.replace("\\", "/") for name in names]
    leaves = any(
        path.startswith("/") or re.match("[A-Za-z]:", path) or ".." in path.split("/")
        for path in paths
    )
    if leaves or not is_plain:
        what = "would leave its folder" if leaves else "is a link or a device"
        raise InputError(
            f"{archive}: {names[0]!r} in it {what}; nothing is unpacked: unpack it by hand "
            "and give the folder as images.source"
        )
    parts = paths[0].split("/")
    return "__MACOSX" not in parts and not parts[-1].startswith("._")


def top_of(folder):
    """Return the folder that holds the splits or the classes, within those that hold nothing but
    one folder.
    """
    folders = [path for path in folder.iterdir() if path.is_dir()]
    has_images = any(path.suffix.lower() in SUFFIXES for path in folder.iterdir())
    is_wrapped = (
        len(folders) == 1
        and not has_images
        and folders[0].name not in SPLITS
        and any(path.is_dir() for path in folders[0].iterdir())
    )
    return top_of(folders[0]) if is_wrapped else folder
