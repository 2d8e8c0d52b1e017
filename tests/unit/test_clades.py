"""Tests of clades by the multiscale bootstrap, as R's pvclust makes them; tables of clades."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from planting import planted_maps, values_of
from scipy.stats import norm

from lookalike.compare.dissimilarities import Dissimilarities, Key
from lookalike.compare.image_table import ImageTable
from lookalike.compare.resampling import bootstrap
from lookalike.core import io
from lookalike.core.condensed import square
from lookalike.findings.clades import clades_that_hold
from lookalike.groups import multiscale, trees
from lookalike.groups.clades import (
    COLUMNS,
    RESIDUAL,
    beyond_main_effects,
    describe_clades,
    parse_clades,
)
from lookalike.inference.significance import correct_clades

# By fixtures/pvclust.R.
PVCLUST = json.loads((Path(__file__).parent / "fixtures" / "pvclust.json").read_text())
NAMES_OF = ("au", "si", "au_standard_error", "si_standard_error")
NAMES = tuple("abcdefgh")


def table_of(values, units=()):
    images, models = (tuple(map(str, range(count))) for count in (len(values), 8))
    chance = np.ones((1, *values.shape))
    return ImageTable(values, chance, images, models, Key("m", "m"), np.array(units, int))


def usable(prefix):
    """Return which clades have a share far from 0 and 1 at every scale, or all 0, or all 1."""
    shares = np.array(PVCLUST[f"{prefix}bp"])
    inner = ((shares > 0.001) & (shares < 0.999)).all(axis=1)
    return inner | (shares == 0).all(axis=1) | (shares == 1).all(axis=1)


def fitted(prefix):
    shares = np.array(PVCLUST[f"{prefix}bp"])[usable(prefix)]
    resamples = np.full(shares.shape[1], PVCLUST["resamples"])
    found = multiscale.fit(shares, np.array(PVCLUST["r"]), resamples)
    return dict(zip(multiscale.TESTED, found, strict=True))


@pytest.mark.parametrize("prefix", ["", "hard_"])
def test_au_and_si_of_the_same_shares_equal_pvclusts(prefix):
    found, theirs = (
        fitted(prefix),
        {name: np.array(PVCLUST[prefix + name])[usable(prefix)] for name in NAMES_OF},
    )
    np.testing.assert_allclose(found["au"], theirs["au"], rtol=0, atol=1e-9)
    for name in ("au_standard_error", "si_standard_error"):
        np.testing.assert_allclose(found[name], theirs[name], rtol=0, atol=1e-9)
    # Theirs is 1 - p, and 1 where no fit is possible: ours is never 0.
    always = theirs["si"] == 1
    np.testing.assert_allclose(found["si_p"][~always], 1 - theirs["si"][~always], rtol=0, atol=1e-9)
    assert always.any() and (found["si_p"][always] == 1 / (1 + 10 * PVCLUST["resamples"])).all()


def test_shares_near_1_count_as_what_they_are():
    # At most scales nearly all trees have the clade: least squares would leave these scales out.
    drawn, resamples = np.geomspace(0.5, 2, 10), np.full(10, 1e5)
    shares = norm.sf(-3.2 * np.sqrt(drawn) + 0.1 / np.sqrt(drawn)).round(5)
    assert (shares > 0.999).sum() >= 4 and (shares == 1).sum() >= 1
    p = multiscale.fit(shares[None], drawn, resamples)[2, 0]
    assert p == pytest.approx(norm.cdf(-3.3) / norm.cdf(-0.1), rel=0.02)


def test_the_fit_and_its_p_values_by_hand():
    v, c, drawn = -1.2, 0.3, np.array([0.5, 1.0, 2.0])
    shares = norm.sf(v * np.sqrt(drawn) + c / np.sqrt(drawn))
    au, _, p, _ = multiscale.fit(shares[None], drawn, np.full(3, 1000.0))[:, 0]
    assert au == pytest.approx(norm.cdf(c - v))
    # Of the part of the line in which the clade is in the tree, which is left of -c from the
    # boundary, the part at least as far from it.
    assert p == pytest.approx(norm.cdf(v - c) / norm.cdf(-c))


def test_the_whole_test_equals_pvclusts_but_for_the_random_resamples():
    values = np.array(PVCLUST["values"])
    tree = trees.link(square(values.mean(axis=0), 8))
    np.testing.assert_allclose(tree[:, 2], PVCLUST["heights"], rtol=1e-12)
    found = multiscale.clade_tests(tree, table_of(values), "mean", 1000, 0)
    error = np.hypot(found["au_standard_error"], PVCLUST["au_standard_error"])[:-1]
    assert (np.abs(found["au"] - PVCLUST["au"])[:-1] < 3 * error).all()
    assert np.isnan([found[name][-1] for name in multiscale.TESTED]).all()


def planted(gap, images=40, noise=0.1):
    """Return values of 8 models: pairs between the first 4 and the others are larger by the gap."""
    rows, columns = np.triu_indices(8, 1)
    between = (rows < 4) != (columns < 4)
    rng = np.random.default_rng(0)
    return 0.4 + gap * between + rng.normal(0, noise, (images, 28))


def matrix_of(values):
    condensed = values.mean(axis=0)
    replicates = bootstrap(values, "mean", 50, 0)
    return Dissimilarities(square(condensed, 8), NAMES, Key("m", "m"), replicates)


def test_tables_of_clades_hold_their_members_tests_and_dissimilarities(tmp_path):
    values = planted(0.3)
    matrix = matrix_of(values)
    tree = trees.link(matrix.values)
    rows = correct_clades(describe_clades(tree, matrix, table_of(values), law="product"))
    io.write_table(tmp_path / "support.csv", rows, list(COLUMNS))
    read = parse_clades(io.read_table(tmp_path / "support.csv"))
    for name in COLUMNS:
        assert all(
            a[name] == b[name] or b[name] != b[name] for a, b in zip(read, rows, strict=True)
        )
    of = {row["members"]: row for row in read}
    for members, side in (("a b c d", slice(0, 4)), ("e f g h", slice(4, 8))):
        row, block = of[members], matrix.values[side, side]
        assert (row["size"], row["support"], row["au"], row["residual_support"]) == (4, 1, 1, 1)
        # No other clade is more than main effects.
        assert row["si_holm"] == pytest.approx(2 / (1 + 10 * 50), rel=0.2)
        assert row["residual_holm"] < 1e-9
        assert row["within"] == pytest.approx(block.sum() / 12)
        assert row["between"] == pytest.approx(matrix.values[:4, 4:].mean())
    whole = of["a b c d e f g h"]
    assert whole["support"] == 1
    assert np.isnan([whole[name] for name in ("au", "si_p", "si_holm", "between")]).all()
    assert all(
        row["cophenetic_correlation"] == trees.cophenetic_correlation(tree, matrix.values)
        for row in read
    )


def test_without_images_there_are_no_tests():
    matrix = Dissimilarities(
        matrix_of(planted(0.3)).values, NAMES, Key("m", "m"), np.empty((0, 28))
    )
    rows = describe_clades(trees.link(matrix.values), matrix, None)
    untested = [*multiscale.TESTED, *RESIDUAL, "support"]
    assert np.isnan([[row[name] for name in untested] for row in rows]).all()
    assert [row["size"] for row in rows][-1] == 8


def test_images_of_a_unit_are_drawn_together():
    scenes = planted(0.02, images=10)
    tree = trees.link(square(scenes.mean(axis=0), 8))
    copies = np.repeat(scenes, 4, axis=0)
    alone = multiscale.clade_tests(tree, table_of(scenes), "mean", 100, 0)
    by_scene = multiscale.clade_tests(
        tree, table_of(copies, np.repeat(np.arange(10), 4)), "mean", 100, 0
    )
    by_image = multiscale.clade_tests(tree, table_of(copies), "mean", 100, 0)
    for name in multiscale.TESTED:
        np.testing.assert_allclose(by_scene[name], alone[name], atol=1e-9)
    assert np.nanmean(by_image["au"]) > np.nanmean(alone["au"])


@pytest.mark.parametrize("models", [0, 1])
def test_trees_without_merges_have_no_clades(models):
    names = NAMES[:models]
    matrix = Dissimilarities(np.zeros((models, models)), names, Key("m", "m"), np.empty((50, 0)))
    table = ImageTable(np.empty((9, 0)), np.empty((1, 9, 0)), tuple("123456789"), names, matrix.key)
    assert describe_clades(trees.link(matrix.values), matrix, table, law="product") == []


@pytest.mark.parametrize("images", [1, 2, 3])
def test_few_images_have_no_small_p_values_and_one_has_none(images):
    values = planted(0.02, images)
    tree = trees.link(square(values.mean(axis=0), 8))
    p = multiscale.clade_tests(tree, table_of(values), "mean", 100, 0)["si_p"][:-1]
    assert np.isnan(p).all() if images == 1 else np.nanmin(p) > 0.05


def test_identical_models_are_no_clade():
    values = planted(0.3)
    rows, columns = np.triu_indices(8, 1)
    # h is g.
    for other in range(6):
        values[:, (rows == other) & (columns == 7)] = values[:, (rows == other) & (columns == 6)]
    values[:, -1] = 0
    tree = trees.link(square(values.mean(axis=0), 8))
    found = multiscale.clade_tests(tree, table_of(values), "mean", 100, 0)
    place = tree[:, 2].argmin()
    assert tree[place, 2] == 0 and np.isnan([found[name][place] for name in found]).all()
    assert np.isfinite(found["si_p"]).sum() == 5


def noisy(noise, pair=0.0, images=60, seed=0):
    """Return values of models that share as much of an image, each but for its noise; the first two
    share more.
    """
    rows, columns = np.triu_indices(8, 1)
    rng, loadings = np.random.default_rng(seed), 1 / np.sqrt(1 + np.array(noise))
    shared = 0.5 + pair * ((rows == 0) & (columns == 1))
    return 1 - shared * loadings[rows] * loadings[columns] + rng.normal(0, 0.02, (images, 28))


def residual_supports(values, law="product"):
    """Return the residual support of each clade of the tree of values."""
    tree, table = trees.link(square(values.mean(axis=0), 8)), table_of(values)
    found = beyond_main_effects(tree, table, law, 200, 0)["residual_support"]
    members = [tuple(np.flatnonzero(below).tolist()) for below in trees.clade_members(tree)]
    return dict(zip(members, found.tolist(), strict=True))


def test_clades_of_the_noise_of_single_models_do_not_exceed_main_effects():
    graded = [0.8, 0.7, 0.6, 0.5, 0.3, 0.2, 0.1, 0]
    found = [residual_supports(noisy(graded, seed=seed)) for seed in range(30)]
    chain = [
        share[members]
        for share in found
        for members in (tuple(range(start, 8)) for start in range(2, 6))
        if members in share
    ]
    assert len(chain) > 90 and np.mean(np.array(chain) >= 0.95) <= 0.1
    # Two noisy models that share more than their noise lets through are told from the others, but
    # none of the others are.
    alike = residual_supports(noisy([0.1, 0.1, 0, 0, 0, 0, 0.5, 1], pair=0.3))
    assert alike[0, 1] == 1
    assert max(share for members, share in alike.items() if len(members) == 6) < 0.95


@pytest.mark.parametrize("law", ["", "product"])
def test_residual_support_is_known_where_there_is_a_law(law):
    found = residual_supports(planted(0.3), law)
    known = [members for members, share in found.items() if np.isfinite(share)]
    assert len(known) == (6 if law else 0)


def test_all_models_but_one_do_not_exceed_its_main_effect():
    found = residual_supports(noisy([1, *[0] * 7]))
    assert np.isnan(found[tuple(range(1, 8))])


def test_clades_are_corrected_for_those_that_exceed_main_effects():
    p = [(0.001, 0.02), (0.002, 0.03), (0.4, 0.001), (np.nan, np.nan)]
    rows = correct_clades([{"residual_p": beyond, "si_p": si} for beyond, si in p])
    np.testing.assert_allclose([row["residual_holm"] for row in rows], [0.003, 0.004, 0.4, np.nan])
    np.testing.assert_allclose([row["si_holm"] for row in rows], [0.04, 0.04, np.nan, np.nan])


def simulated(draws, **planted):
    """Return the clades that are named in simulated trees of 8 models on 64 images."""
    names = {name: name for name in NAMES}
    found = []
    for draw in range(draws):
        maps = planted_maps(np.random.default_rng(draw), 8, 64, side=5, **planted)
        values = values_of(maps, "pearson")
        table = replace(table_of(values), names=NAMES)
        matrix = Dissimilarities(
            square(values.mean(axis=0), 8), NAMES, table.key, bootstrap(values, "mean", 300, draw)
        )
        rows = describe_clades(trees.link(matrix.values), matrix, table, law="product", seed=draw)
        found.append(set(clades_that_hold(pd.DataFrame(correct_clades(rows)), names)))
    return found


@pytest.mark.parametrize(
    "noise", [[0] * 8, [0] * 7 + [1], np.linspace(0, 2, 8)], ids=["equal", "one noisy", "graded"]
)
def test_hardly_a_clade_is_named_without_groups(noise):
    assert sum(map(bool, simulated(10, noise=noise))) <= 1


@pytest.mark.parametrize(
    "noise",
    [[0] * 8, [1, *[0] * 7], np.linspace(0, 1, 8)[[0, 2, 4, 6, 1, 3, 5, 7]]],
    ids=["equal", "one noisy", "graded"],
)
def test_planted_clades_are_named_and_their_parts_are_not(noise):
    halves = {tuple("abcd"), tuple("efgh")}
    found = simulated(10, groups=2, between=0.3, within=0.6 if any(noise) else 0.5, noise=noise)
    assert sum(halves <= names for names in found) >= 8
    assert sum(bool(names - halves) for names in found) <= 2


def test_one_group_does_not_make_another_of_the_rest():
    found = simulated(10, groups=[0, 0, 0, 0, 1, 2, 3, 4], between=0.3, within=0.5)
    assert sum(names == {tuple("abcd")} for names in found) >= 9
