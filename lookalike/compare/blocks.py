"""Blocks of models: what one job compares. A pair's values do not depend on its block."""

from collections.abc import Sequence

# Models of a block, where nothing was computed before: 28 pairs a job, or 64 between two blocks. Of
# many models, as many as make so many blocks: their jobs would else be most of the time.
AUTO_BLOCK, MOST_BLOCKS = 8, 5


def blocks_of(models: Sequence[str], size: int) -> dict[str, list[str]]:
    """Cut sorted model names into blocks.

    Returns
    -------
    dict
        From a block's name, its first model's with `+k` where k more follow, to its models.
    """
    models = sorted(models)
    return name_blocks([models[start : start + size] for start in range(0, len(models), size)])


def name_blocks(blocks: Sequence[Sequence[str]]) -> dict[str, list[str]]:
    """Return blocks by their names, in the order of their first models."""
    ordered = sorted(sorted(block) for block in blocks)
    return {block[0] + (f"+{len(block) - 1}" if len(block) > 1 else ""): block for block in ordered}


def choose_blocks(
    models: Sequence[str], block: int | str, recorded: Sequence[Sequence[str]] | None = None
) -> dict[str, list[str]]:
    """Choose the blocks of a method's models.

    Parameters
    ----------
    models : sequence of str
    block : int or "auto"
        Models a block. "auto" keeps the blocks of earlier runs, so that a new model is a block of
        its own and computes its own pairs alone; where there are none, it takes `AUTO_BLOCK`, or
        as many as make `MOST_BLOCKS`.
    recorded : sequence of sequences of str, optional
        The blocks of earlier runs.

    Returns
    -------
    dict
        As of `blocks_of`.
    """
    if block != "auto":
        return blocks_of(models, int(block))
    if recorded is None:
        return blocks_of(models, max(AUTO_BLOCK, -(-len(models) // MOST_BLOCKS)))
    kept = [[model for model in models if model in old] for old in recorded]
    known = {model for old in kept for model in old}
    new = [[model] for model in models if model not in known]
    return name_blocks([old for old in kept if old] + new)


def block_pairs(blocks: dict[str, list[str]]) -> list[tuple[str, str]]:
    """Return the pairs of blocks to compare: each with each later one, and with itself where it
    holds a pair.
    """
    names = list(blocks)
    return [
        (a, b)
        for index, a in enumerate(names)
        for b in names[index:]
        if a != b or len(blocks[a]) > 1
    ]
