"""Work that metrics have in common is done once, and never mixed up."""

import numpy as np
import pytest

from lookalike.core.memoising import shared, sharing


@pytest.fixture
def noted():
    """A shared function, and the calls that it really got."""
    calls = []

    @shared
    def add(*arrays, factor=1):
        calls.append(factor)
        return factor * sum(arrays)

    return add, calls


def test_equal_calls_are_made_once_within_a_block_and_each_time_outside(noted):
    add, calls = noted
    x, y = np.arange(4.0), np.ones(4)
    with sharing():
        assert add(x, y) is add(x, y)
        assert len(calls) == 1
    add(x, y)
    add(x, y)
    with sharing():
        add(x, y)
    assert len(calls) == 4


def test_other_arrays_parts_orders_and_options_are_other_calls(noted):
    add, calls = noted
    x, y = np.arange(4.0), np.arange(4.0)
    with sharing():
        for arrays in (
            (x,),
            (y,),
            (x, y),
            (y, x),
            (x[:2],),
            (x[::2],),
            (x.reshape(2, 2),),
            (x.view(np.int64),),
        ):
            add(*arrays)
        assert len(calls) == 8
        add(x, factor=2)
        assert len(calls) == 9


def test_an_array_that_is_gone_is_not_mistaken_for_another(noted):
    add, _ = noted
    with sharing():
        for value in range(50):
            assert add(np.full(1000, float(value)))[0] == value


def test_a_block_within_a_block_keeps_its_own(noted):
    add, calls = noted
    x = np.ones(3)
    with sharing():
        add(x)
        with sharing():
            add(x)
        add(x)
    assert len(calls) == 2


def test_an_error_ends_the_sharing(noted):
    add, calls = noted
    x = np.ones(3)
    with pytest.raises(ZeroDivisionError), sharing():
        add(x)
        raise ZeroDivisionError
    add(x)
    assert len(calls) == 2
