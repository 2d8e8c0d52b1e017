"""Blocks of models: every pair once, and the choice of earlier runs kept."""

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from lookalike.compare.blocks import AUTO_BLOCK, block_pairs, blocks_of, choose_blocks

names = st.lists(
    st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,5}", fullmatch=True),
    min_size=1,
    max_size=14,
    unique=True,
)


@settings(deadline=None)
@given(names, st.integers(1, 16))
def test_blocks_hold_every_model_once(models, size):
    blocks = blocks_of(models, size)
    held = [model for block in blocks.values() for model in block]
    assert held == sorted(models)
    assert (
        all(len(block) == size for block in list(blocks.values())[:-1])
        and 1 <= len(list(blocks.values())[-1]) <= size
    )
    assert all(
        name == (block[0] if len(block) == 1 else f"{block[0]}+{len(block) - 1}")
        for name, block in blocks.items()
    )


@settings(deadline=None)
@given(names, st.integers(1, 16))
def test_block_pairs_cover_every_pair_of_models_once(models, size):
    blocks = blocks_of(models, size)
    covered = []
    for a, b in block_pairs(blocks):
        covered += (
            list(combinations(blocks[a], 2))
            if a == b
            else [(x, y) for x in blocks[a] for y in blocks[b]]
        )
    assert sorted(covered) == list(combinations(sorted(models), 2))


def pairs_of(blocks):
    """Return the pairs of models that each job compares, by the job's name."""
    return {
        f"{a}~{b}": list(combinations(blocks[a], 2))
        if a == b
        else [tuple(sorted((x, y))) for x in blocks[a] for y in blocks[b]]
        for a, b in block_pairs(blocks)
    }


def test_a_number_is_taken_whatever_was_before():
    assert choose_blocks(["b", "a", "c"], 2, [["a", "b", "c"]]) == {"a+1": ["a", "b"], "c": ["c"]}


def test_at_first_blocks_are_large():
    models = [f"m{number:02}" for number in range(AUTO_BLOCK + 2)]
    found = choose_blocks(models, "auto")
    assert [len(block) for block in found.values()] == [AUTO_BLOCK, 2]


@settings(deadline=None)
@given(names, names, names)
def test_what_was_chosen_before_is_kept_and_a_new_model_is_alone(first, second, third):
    record = list(choose_blocks(first, "auto").values())
    for models in (second, third):
        before = {frozenset(block) & frozenset(models) for block in record} - {frozenset()}
        found = choose_blocks(models, "auto", record)
        kept = {frozenset(block) for block in found.values()}
        assert sorted(model for block in found.values() for model in block) == sorted(models)
        assert before <= kept
        assert all(len(block) == 1 for block in kept - before)
        record = list(found.values())


@settings(deadline=None)
@given(st.lists(st.text("abc", min_size=1, max_size=3), min_size=3, unique=True))
def test_a_new_model_leaves_the_jobs_of_the_others_as_they_are(models):
    *old, new = models
    before = choose_blocks(old, "auto")
    after = choose_blocks(models, "auto", list(before.values()))
    jobs, more = pairs_of(before), pairs_of(after)
    assert {name: more[name] for name in jobs} == jobs
    added = [pair for name in more.keys() - jobs.keys() for pair in more[name]]
    assert sorted(added) == sorted(tuple(sorted((new, model))) for model in old)
