"""Cards claimed by real processes, as the jobs of one machine do."""

import multiprocessing
import tempfile
from collections import Counter
from pathlib import Path

import pytest
import torch

from lookalike.models.devices import claim_card, claim_device

processes = multiprocessing.get_context("fork")


def hold(cards, folder, answers):
    """Claim a card, report which, and hold it until killed."""
    answers.put(claim_card(cards, folder))
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


@pytest.mark.parametrize(("visible", "files"), [("3,5", {"3.0", "5.0"}), (None, {"0.0", "1.0"})])
def test_visible_cards_are_claimed_under_their_names(
    visible, files, monkeypatch, tmp_path, torch_settings
):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    if visible:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    else:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert {claim_device(1) for _ in range(2)} == {torch.device("cuda", 0), torch.device("cuda", 1)}
    assert {path.name for path in Path(tmp_path).glob("lookalike-cards-*/*")} == files
