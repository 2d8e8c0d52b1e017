"""Cards claimed by real processes, as the jobs of one machine do."""

import multiprocessing
import os
from collections import Counter

import pytest
import torch

from lookalike.models import devices
from lookalike.models.devices import claim_card, claim_device

processes = multiprocessing.get_context("fork")


def hold(cards, folder, answers):
    """Claim a card, report which, and hold it until killed."""
    answers.put(claim_card(cards, [folder]))
    while True:
        processes.Event().wait()


@pytest.fixture
def claim(tmp_path):
    """Start a process that claims a card of a list; return the process and the card's index."""
    started = []

    def start(cards):
        answers = processes.Queue()
        started.append(
            processes.Process(target=hold, args=(cards, tmp_path / "cards", answers), daemon=True)
        )
        started[-1].start()
        return started[-1], answers.get(timeout=30)

    yield start
    for process in started:
        process.kill()
        process.join()


def test_claims_are_spread_evenly(claim):
    cards = [claim(["0", "1"])[1] for _ in range(5)]
    assert Counter(cards[:2]) == {0: 1, 1: 1}
    assert Counter(cards[:4]) == {0: 2, 1: 2}
    assert Counter(cards) in ({0: 3, 1: 2}, {0: 2, 1: 3})


def test_claims_made_at_once_are_spread_evenly(tmp_path):
    answers = processes.Queue()
    holders = [
        processes.Process(target=hold, args=(["0", "1"], tmp_path / "cards", answers), daemon=True)
        for _ in range(8)
    ]
    try:
        for holder in holders:
            holder.start()
        assert Counter(answers.get(timeout=30) for _ in holders) == {0: 4, 1: 4}
    finally:
        for holder in holders:
            holder.kill()
            holder.join()


def test_killed_process_frees_its_claim(claim):
    holders = [claim(["0", "1"]) for _ in range(4)]
    victim, freed = holders[2]
    victim.kill()
    victim.join()
    assert claim(["0", "1"])[1] == freed
    assert Counter(index for _, index in holders) == {0: 2, 1: 2}


def test_no_card_is_shared_while_another_is_free(claim):
    (first, _), (second, _), (third, card) = (claim(["0", "1"]) for _ in range(3))
    for process in (first, second):
        process.kill()
        process.join()
    # Whichever of the two was shared: the third process is on it, and the other is free.
    assert claim(["0", "1"])[1] == 1 - card and third.is_alive()


def test_same_card_is_known_by_its_name_at_any_index(claim):
    assert claim(["7", "3"])[1] == 0
    assert claim(["3", "7"])[1] == 0
    assert claim(["7", "3"])[1] == 0
    assert claim(["GPU-a/b", "3"])[1] == 0
    assert claim(["GPU-a/b", "5"])[1] == 1


def test_folder_of_the_claims_is_private(claim, tmp_path):
    claim(["0"])
    assert (tmp_path / "cards").stat().st_mode & 0o777 == 0o700


@pytest.fixture
def torch_settings():
    threads, warn_only = (
        torch.get_num_threads(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
    )
    deterministic = torch.are_deterministic_algorithms_enabled()
    yield
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(deterministic, warn_only=warn_only)


def test_without_cards_the_cpu_is_used_with_the_threads_of_the_job(monkeypatch, torch_settings):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    for threads in (2, 1):
        assert claim_device(threads) == torch.device("cpu")
        assert torch.get_num_threads() == threads
    assert torch.are_deterministic_algorithms_enabled()


@pytest.fixture
def two_cards(monkeypatch, tmp_path):
    """A machine of two cards, with its own places for the locks."""
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(devices, "SHARED", tmp_path / "shared")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    (tmp_path / "home").mkdir()
    (tmp_path / "shared").mkdir()
    return tmp_path


def place_of(folder):
    return folder / f"lookalike-cards-{os.getuid()}"


def locks_in(folder):
    return {path.name.partition(".")[0] for path in folder.glob("*.claim")}


def claim_two():
    """Claim a card twice; each is then claimed once."""
    assert {claim_device(1) for _ in range(2)} == {torch.device("cuda", 0), torch.device("cuda", 1)}


@pytest.mark.parametrize(
    ("visible", "names"),
    [("3,5", {"3", "5"}), ("3, 5", {"3", "5"}), ("0,5,7", {"0", "5"}), ("", {"0", "1"})],
)
def test_visible_cards_are_claimed_under_their_names(
    visible, names, monkeypatch, two_cards, torch_settings
):
    # Of three names, the last is of no card, since torch sees two.
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    claim_two()
    assert locks_in(place_of(two_cards / "shared")) == names


def test_the_place_does_not_depend_on_the_temporary_folder(two_cards, monkeypatch, torch_settings):
    def report(folder, answers):
        os.environ["TMPDIR"] = folder
        answers.put(claim_device(1).index)
        processes.Event().wait()

    answers, holders = processes.Queue(), []
    for name in "abcd":
        (two_cards / name).mkdir()
        holders.append(processes.Process(target=report, args=(str(two_cards / name), answers)))
        holders[-1].start()
    found = Counter(answers.get(timeout=30) for _ in holders)
    for holder in holders:
        holder.kill()
        holder.join()
    assert found == {0: 2, 1: 2}


def test_the_folder_of_the_session_comes_first(two_cards, monkeypatch, torch_settings):
    (two_cards / "run").mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(two_cards / "run"))
    claim_two()
    assert locks_in(place_of(two_cards / "run")) == {"0", "1"}
    assert not any((two_cards / "shared").iterdir())


def plant(kind, folder, elsewhere):
    place = place_of(folder)
    if kind == "link to a folder":
        place.symlink_to(elsewhere)
    elif kind == "file":
        place.touch()
    else:
        place.mkdir(mode=0o700)
        if kind == "writable":
            place.chmod(0o777)
        if kind == "link to a file":
            (place / "gate").symlink_to(elsewhere / "target")


@pytest.mark.parametrize(
    "kind", ["link to a folder", "link to a file", "file", "writable", "of another user"]
)
def test_a_planted_folder_is_not_used(kind, two_cards, monkeypatch, capsys, torch_settings):
    (two_cards / "elsewhere").mkdir()
    plant(kind, two_cards / "shared", two_cards / "elsewhere")
    if kind == "of another user":
        monkeypatch.setattr(os, "getuid", lambda: os.geteuid() + 1)
        place_of(two_cards / "shared").mkdir()
    before = sorted((two_cards / "shared").rglob("*"))
    if kind == "of another user":
        # The one in the home is of another user, too: a card is chosen all the same.
        assert claim_device(1).index in (0, 1)
        last = "no folder for the locks of cards"
    else:
        claim_two()
        assert {"0", "1"} in [locks_in(path) for path in (two_cards / "home/.cache").iterdir()]
        last = f"{place_of(two_cards / 'shared')}: not used for the locks of cards ("
    assert capsys.readouterr().out.splitlines()[-1].startswith(last)
    assert sorted((two_cards / "shared").rglob("*")) == before
    assert not any((two_cards / "elsewhere").iterdir())
