"""Archives of images: which one a source stands for, and safe unpacking into one folder.

The extraction is `tarfile`'s (filter `data`) and `zipfile`'s; the check of names is our own, since
`shutil.unpack_archive` strips or skips a harmful name without a word, and takes a truncated tar.
"""

import re
import shutil
import stat
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from lookalike.core.errors import InputError
from lookalike.core.types import Row, StrPath
from lookalike.images.folders import SUFFIXES, split_of

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
# An archive may unpack to a gigabyte, or to so many times its own size. Images hardly shrink.
LEAST_LIMIT, MOST_TIMES = 2**30, 50
# What a member without content takes on the disk, and more.
LEAST_OF_MEMBER = 512
# Marks every folder that was unpacked here, so that no user's own folder is taken for one.
STAMP = ".unpacked"


def find_archive(source: str, checksum: str | None = None) -> dict[str, Row]:
    """Return the archive that a source of images stands for.

    Parameters
    ----------
    source : str
        A name in `KNOWN`, the URL or the path of an archive, or anything else.
    checksum : str, optional
        `md5:...` or `sha256:...` of the archive; a URL needs one, a name in `KNOWN` has its own.

    Returns
    -------
    dict
        The key is the name of the folder that the archive is unpacked to. The value holds its
        `url` (None for a file that is there already), `path` and `checksum` (None if there is none
        to verify). Empty if the source is no archive.

    Raises
    ------
    InputError
        If a checksum is missing or does not belong there, or the URL is not that of an archive.
    """
    url = None
    if source in KNOWN and checksum is None:
        source, checksum = KNOWN[source]
    if source.lower().startswith(("http://", "https://")):
        url, source = source, PurePosixPath(unquote(urlsplit(source).path)).name
        if checksum is None:
            raise InputError(
                f"config: images.source: {url} needs `images.checksum: sha256:...` (or "
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


def unpack(archive: StrPath, folder: StrPath) -> None:
    """Unpack an archive of images into a folder that appears when it is whole.

    A folder that wraps all the rest, as in most archives, is left out.

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


def extract_tar(archive: Path, folder: Path) -> None:
    """Extract a tar archive, compressed or not."""
    import tarfile

    left = size_limit(archive)

    def checked(member: tarfile.TarInfo, target: str) -> tarfile.TarInfo | None:
        nonlocal left
        left -= member.size + LEAST_OF_MEMBER
        if left < 0:
            raise too_large(archive)
        # tarfile's own filter would strip a leading slash without a word, and accept links.
        names = [member.name, member.linkname] if member.islnk() else [member.name]
        if not is_kept(archive, names, member.isreg() or member.isdir() or member.islnk()):
            return None
        return tarfile.data_filter(member, target)

    with tarfile.open(archive) as file:
        file.extractall(folder, filter=checked)
        # tarfile takes a truncated header for the end; the true end is a block of zeros, and gzip's
        # checksum follows.
        file.fileobj.seek(file.offset)
        if file.fileobj.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
            raise EOFError("it ends in the middle")
        while left > 0 and (rest := file.fileobj.read(2**16)):
            left -= len(rest)


def extract_zip(archive: Path, folder: Path) -> None:
    """Extract a zip archive."""
    from zipfile import ZipFile

    with ZipFile(archive) as file:
        if sum(one.file_size + LEAST_OF_MEMBER for one in file.infolist()) > size_limit(archive):
            raise too_large(archive)
        for member in file.infolist():
            if is_kept(
                archive,
                [member.filename],
                stat.S_IFMT(member.external_attr >> 16) in (0, stat.S_IFREG, stat.S_IFDIR),
            ):
                file.extract(member, folder)


def size_limit(archive: Path) -> int:
    """Return how many bytes an archive may unpack to."""
    return max(LEAST_LIMIT, MOST_TIMES * archive.stat().st_size)


def too_large(archive: Path) -> InputError:
    """Return what to say of an archive that unpacks to too much."""
    return InputError(
        f"{archive}: would unpack to more than {size_limit(archive) / 1e9:.1f} GB, over "
        f"{MOST_TIMES} times its size; nothing is unpacked: if you trust it, unpack it by hand and "
        "give the folder as images.source"
    )


def is_kept(archive: Path, names: Sequence[str], is_plain: bool) -> bool:
    """Return whether a member of an archive is more than what macOS adds; refuse one that could
    write elsewhere.
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


def top_of(folder: Path) -> Path:
    """Return the folder that holds the splits or the classes, below any that only wrap another."""
    folders = [path for path in folder.iterdir() if path.is_dir()]
    has_images = any(path.suffix.lower() in SUFFIXES for path in folder.iterdir())
    is_wrapped = (
        len(folders) == 1
        and not has_images
        and not split_of(folders[0].name)
        and any(path.is_dir() for path in folders[0].iterdir())
    )
    return top_of(folders[0]) if is_wrapped else folder
