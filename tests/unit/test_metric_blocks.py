"""The value of a pair does not depend on its block, to the bit, by any metric."""

import numpy as np
import pytest

from lookalike.compare import pairs
from lookalike.core import registry

NAMES = ("A", "B", "C", "D", "E", "F")
BLOCKS = (
    ["AB", "CD", "EF"],
    ["ABC", "DEF"],
    ["ABCD", "EF"],
    ["ADF", "BE", "C"],
    ["AF", "BCDE"],
)
KINDS = ("ordinary", "nearly equal", "tiny", "huge", "flat", "sparse")

every_metric = pytest.mark.parametrize("name", registry.names("metric"))
every_type = pytest.mark.parametrize("dtype", [np.float32, np.float64])
every_kind = pytest.mark.parametrize("kind", KINDS)


def maps_of(kind, dtype, side, signed):
    """Return maps of six models on two images, shape (6, 2, side, side)."""
    rng = np.random.default_rng(side)
    maps = rng.random((6, 2, side, side)) ** 3
    if kind == "nearly equal":
        maps[1:4] = maps[0] * (1 + np.array([1e-7, 1e-9, 1e-15])[:, None, None, None])
        maps[4] += 1e-6 * rng.random(maps[4].shape)
    if kind in ("tiny", "huge"):
        power = {np.float32: 30, np.float64: 140}[dtype]
        maps[1:5] *= 10.0 ** (-power if kind == "tiny" else power)
        maps[2] = maps[1] * 1.5
    if kind == "flat":
        maps[1:4] = 0.5 + 1e-3 * maps[1:4]
        maps[2, 0], maps[3, 1] = 0.25, 0.7
    if kind == "sparse":
        maps[maps < 0.5] = 0
        maps[1, 0], maps[4] = 0, 0
    if signed:
        maps *= rng.choice([-1, 1], maps.shape)
    return maps.astype(dtype)


def tables(name, maps, blocks):
    """Return values and chance values, (6, 6, 2) each, of all pairs, above the diagonal, put
    together from blocks of names.
    """
    metric = registry.get("metric", name), {"data_range": 2.0, "grid": 9}
    found = np.full((1 + pairs.derangements_of(metric[0], 2), 6, 6, 2), np.nan)
    index = {name: number for number, name in enumerate(NAMES)}
    for number, a in enumerate(blocks):
        for b in blocks[number:]:
            x = [maps[index[one]] for one in a]
            y = x if a is b else [maps[index[one]] for one in b]
            (values,), (chance,) = pairs.compare_blocks(
                [metric], x, y, seed=1, x_names=list(a), y_names=list(b)
            )
            for row, one in enumerate(a):
                for column, other in enumerate(b):
                    if a is not b or one < other:
                        found[:, index[min(one, other)], index[max(one, other)]] = (
                            values[:, row, column],
                            *chance[:, :, row, column],
                        )
    return found


def signed_for(name):
    return registry.get("metric", name).views != "unsigned"


@every_metric
@every_type
@pytest.mark.parametrize(
    ("kind", "side"),
    [
        *((kind, 12) for kind in KINDS),
        ("ordinary", 50),
        *(pytest.param(kind, 50, marks=pytest.mark.slow) for kind in KINDS[1:]),
    ],
)
def test_values_and_chance_are_the_same_to_the_bit_in_blocks_of_any_size(name, dtype, kind, side):
    maps = maps_of(kind, dtype, side, signed_for(name))
    with np.errstate(all="ignore"):
        whole = tables(name, maps, ["ABCDEF"])
        single = tables(name, maps, NAMES)
        np.testing.assert_array_equal(single, whole)
        for blocks in BLOCKS:
            np.testing.assert_array_equal(tables(name, maps, blocks), single)


@every_metric
@every_type
@every_kind
def test_values_are_symmetric_to_the_bit(name, dtype, kind):
    maps = maps_of(kind, dtype, 24, signed_for(name))[:, 0]
    card = registry.get("metric", name)
    with np.errstate(all="ignore"):
        across = card(maps[:2], maps[2:], data_range=2.0)
        np.testing.assert_array_equal(card(maps[2:], maps[:2], data_range=2.0).T, across)
        whole = card(maps, maps, data_range=2.0)
        np.testing.assert_array_equal(whole, whole.T)
        np.testing.assert_array_equal(whole[:2, 2:], across)


@every_metric
def test_values_do_not_depend_on_how_maps_lie_in_memory(name):
    maps = maps_of("ordinary", np.float32, 24, signed_for(name))[:, 0]
    card = registry.get("metric", name)
    expected = card(maps[:3], maps[3:], data_range=2.0)
    mirrored = np.ascontiguousarray(maps[:, ::-1, ::-1])[:, ::-1, ::-1]
    turned = np.ascontiguousarray(maps.transpose(2, 1, 0)).transpose(2, 1, 0)
    for same in (mirrored, turned, maps.astype(">f4"), maps.astype(np.float64)):
        np.testing.assert_array_equal(card(same[:3], same[3:], data_range=2.0), expected)


def test_chance_is_that_of_the_first_name_on_the_image_and_the_second_on_its_partner():
    maps = maps_of("ordinary", np.float64, 12, False)
    metric = registry.get("metric", "auc_judd")
    x, y = [maps[0], maps[3]], [maps[1], maps[4]]
    (_,), ((chance,),) = pairs.compare_blocks(
        [(metric, {})], x, y, seed=1, x_names=["A", "D"], y_names=["B", "E"]
    )
    order = pairs.image_cycle(2, 1)
    for image, partner in zip(order, np.roll(order, -1), strict=True):
        expected = [
            [
                metric(maps[[first]][:, image], maps[[second]][:, partner]).item()
                for first, second in row
            ]
            for row in (((0, 1), (0, 4)), ((1, 3), (3, 4)))
        ]
        np.testing.assert_array_equal(chance[image], expected)


def test_names_do_not_change_how_often_a_pair_is_computed(monkeypatch):
    computed = []
    monkeypatch.setattr(
        "lookalike.metrics.compiled.network_simplex.transport_cost",
        lambda surplus: computed.append(surplus) or 0.0,
    )
    maps = maps_of("ordinary", np.float64, 12, False)
    pairs.compare_blocks(
        [(registry.get("metric", "emd"), {"grid": 4})],
        list(maps[:3]),
        list(maps[3:]),
        seed=0,
        x_names=["A", "C", "F"],
        y_names=["B", "D", "E"],
    )
    assert len(computed) == 2 * 9 * 2
