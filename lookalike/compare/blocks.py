"""Blocks of models: what one job compares."""


def blocks_of(models, size):
    """Cut sorted model names into blocks.

    Returns
    -------
    dict
        From a block's name, its first model's with `+k` where k more follow, to its models.
    """
    models = sorted(models)
    chunks = [models[start : start + size] for start in range(0, len(models), size)]
    return {chunk[0] + (f"+{len(chunk) - 1}" if len(chunk) > 1 else ""): chunk for chunk in chunks}


def block_pairs(blocks):
    """Return the pairs of blocks to compare: each with each later one, and with itself where it
    holds a pair.
    """
    names = list(blocks)
    return [
        (a, b)
        for place, a in enumerate(names)
        for b in names[place:]
        if a != b or len(blocks[a]) > 1
    ]
