"""Cards of this machine, told without torch, whose import takes seconds."""

from pathlib import Path

# Devices of NVIDIA, of Windows (in its subsystem for Linux), and of AMD.
DEVICES = ("nvidia[0-9]*", "dxg", "kfd")


def has_card() -> bool:
    """Return whether this machine has a card that torch may compute on."""
    return any(any(Path("/dev").glob(name)) for name in DEVICES)
