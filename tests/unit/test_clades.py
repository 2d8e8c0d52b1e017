"""Tests of clades by the multiscale bootstrap, as R's pvclust makes them; tables of clades."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm

from lookalike.compare.dissimilarities import Dissimilarities, Key
from lookalike.compare.image_table import ImageTable
from lookalike.compare.resampling import bootstrap
from lookalike.core import io
from lookalike.core.condensed import square
from lookalike.groups import multiscale, trees
from lookalike.groups.clades import COLUMNS, describe_clades, parse_clades, residual_support
from lookalike.inference.significance import correct

# By fixtures/pvclust.R.
PVCLUST = json.loads((Path(__file__).parent / "fixtures" / "pvclust.json").read_text())
NAMES = tuple("abcdefgh")


def table_of(values, units=()):
    images, models = (tuple(map(str, range(count))) for count in (len(values), 8))
    return ImageTable(values, values, images, models, Key("m", "m"), np.array(units, int))


def fitted(prefix):
    shares = np.array(PVCLUST[f"{prefix}bp"])
    resamples = np.full(shares.shape[1], PVCLUST["resamples"])
    found = multiscale.fit(shares, np.array(PVCLUST["r"]), resamples)
    return dict(zip(multiscale.TESTED, found, strict=True))


@pytest.mark.parametrize("prefix", ["", "hard_"])
def test_au_and_si_of_the_same_shares_equal_pvclusts(prefix):
    found, theirs = fitted(prefix), {name: np.array(PVCLUST[prefix + name]) for name in NAMES_OF}
    np.testing.assert_allclose(found["au"], theirs["au"], rtol=0, atol=1e-9)
    for name in ("au_standard_error", "si_standard_error"):
        np.testing.assert_allclose(found[name], theirs[name], rtol=0, atol=1e-9)
    # Theirs is 1 - p, and 1 where no fit is possible: ours is never 0.
    always = theirs["si"] == 1
    np.testing.assert_allclose(found["si_p"][~always], 1 - theirs["si"][~always], rtol=0, atol=1e-9)
    assert always.any() and (found["si_p"][always] == 1 / (1 + 10 * PVCLUST["resamples"])).all()


NAMES_OF = ("au", "si", "au_standard_error", "si_standard_error")


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
    rows = correct(describe_clades(tree, matrix, table_of(values)), ["si"], [])
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
        assert row["si_holm"] == pytest.approx(6 / (1 + 10 * 50), rel=0.2)
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
    untested = [*multiscale.TESTED, "support", "residual_support"]
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


def test_a_clade_exceeds_main_effects_only_where_pairs_are_nearer_than_their_models():
    far = np.array([0, 0, 0, 0, 0, 0, 0.3, 0.5])
    rows, columns = np.triu_indices(8, 1)
    effects = 0.4 + far[rows] + far[columns]
    noise = np.random.default_rng(0).normal(0, 0.01, (50, 28))
    tree = trees.link(square(effects + noise.mean(axis=0), 8))
    place = [tuple(np.flatnonzero(below)) for below in trees.clade_members(tree)]
    # TO DO with laws
    pair = effects - 0.1 * ((rows == 0) & (columns == 1))
    tree = trees.link(square(pair, 8))
    assert residual_support(tree, pair + noise)[0] == 1
    assert place
