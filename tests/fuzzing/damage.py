"""What goes wrong with files: bytes that are lost, added or changed."""

import io
import struct

from hypothesis import strategies as st

HUGE = (0, 1, 255, 2**16, 2**31 - 1, 2**32 - 1, 2**63 - 1)
STRANGE_TEXT = (
    *("\0", "\ufeff", "\r\n", "\r", "\x85", "\u2028", "é", "\U0001f600", "\x1b[31m", "\x01"),
    *('"', "'", ",", ";", ":", "#", "{", "}", "[", "]", "&a", "*a", "!!python/name:os", "<<: 1"),
    *("nan", "inf", "-1", "1e999", "9" * 5000, "x" * 10_000, "[" * 3000, "{a: " * 3000, "\n" * 999),
)
STRANGE_BYTES = (
    *(text.encode() for text in STRANGE_TEXT),
    *(struct.pack("<Q", number) for number in HUGE),
    *(struct.pack(">I", min(number, 2**32 - 1)) for number in HUGE),
    *(b"\xff" * 9, b"\xc3", b"\xed\xa0\x80", b"PK\x03\x04", b"\x93NUMPY", b"\x89PNG\r\n\x1a\n"),
)
FOREIGN = (b"", b"\0", b"\n", b"\xff\xfe", b"<html>", b"\x1f\x8b\x08", b"PK\x05\x06" + b"\0" * 18)
names = st.text("abcdefgh", min_size=1, max_size=5)


def edited(content, edits):
    """Return bytes after edits, each a kind, a place as a share of the length, a span and bytes."""
    for kind, share, span, payload in edits:
        place = int(share * len(content))
        before, part, after = (
            content[:place],
            content[place : place + span],
            content[place + span :],
        )
        content = {
            "cut": before,
            "flip": before + bytes(byte ^ 0x55 for byte in part) + after,
            "insert": before + payload + part + after,
            "replace": before + payload + content[place + len(payload) :],
            "delete": before + after,
            "repeat": before + part * 3 + after,
            "foreign": payload,
        }[kind]
    return content


edits = st.lists(
    st.tuples(
        st.sampled_from(
            ["flip", "flip", "cut", "insert", "replace", "delete", "repeat", "foreign"]
        ),
        st.integers(0, 999).map(lambda share: share / 1000),
        st.integers(1, 40),
        st.sampled_from(STRANGE_BYTES) | st.sampled_from(FOREIGN) | st.binary(max_size=8),
    ),
    min_size=1,
    max_size=2,
)


@st.composite
def damaged(draw, valid):
    """Return the files of a valid input, one of them edited."""
    files, _ = draw(valid)
    name = draw(st.sampled_from(sorted(files)))
    return {**files, name: edited(files[name], draw(edits))}


def saved(save, *content, **options):
    """Return the bytes that a function writes into a file."""
    file = io.BytesIO()
    save(file, *content, **options)
    return file.getvalue()
