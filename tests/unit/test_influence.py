"""What findings rest on: statistics without single images and classes, and how many classes it
takes to make an effect vanish.
"""

from itertools import permutations

import numpy as np
import pytest
from planting import compared, planted_maps
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.stats import spearmanr

from lookalike.compare import laws
from lookalike.compare.aggregation import dissimilarities_of
from lookalike.compare.calibration import mean_of_derangements
from lookalike.compare.dissimilarities import Dissimilarities, Key
from lookalike.compare.image_table import ImageTable
from lookalike.core import registry
from lookalike.core.condensed import square
from lookalike.inference import factor_tests, jackknife, leaving_out, permutation_tests
from lookalike.inference.dependence import dependence_under, dependence_within, image_dependence
from lookalike.inference.influence import ALL, COLUMNS, ONLY, UNIT, WITHOUT, influence
from lookalike.inference.sampled import describe_sample
from lookalike.inference.structure import best_cut, grouping_under, groups_at

COSINE = registry.get("metric", "cosine")


def unit_rows(labels, units=None, why="", copies=None):
    """Return `images/units.csv` of images named by their number."""
    names = [str(number) for number in range(len(labels))]
    return [
        {"image": name, "label": label, "unit": unit, "why": why, "near_copy_of": copy}
        for name, label, unit, copy in zip(
            names, labels, units or names, copies or [""] * len(names), strict=True
        )
    ]


def sample_of(labels, units=None, numbers=None, **about):
    """Return what images belong to."""
    numbers = np.arange(len(labels)) if numbers is None else np.array(numbers)
    names = [str(number) for number in range(len(labels))]
    return describe_sample(names, numbers, unit_rows(labels, units, **about))


def influence_on_mean(values, sample, found=True):
    """Return the influence of images and classes on the mean of some values."""
    return influence(
        lambda weights: weights @ values / weights.sum(axis=1),
        sample,
        np.ones(len(values), bool),
        found=found,
        permutations=199,
        seed=0,
    )


def part(rows, name):
    """Return the rows about a part of the images."""
    return [row for row in rows if row["part"] == name]


def class_table(rng, images, strong, within, *, question="groups", metric="cosine", classes=10):
    """Return a table of 8 models, with an effect in the first `strong` classes, and the classes.

    In these classes, models of two groups correlate by `within` in a group and by .2 across, or all
    maps of an image correlate by `within`; in the others, there are no groups, or no dependence.
    """
    labels = np.arange(images) % classes
    none = 0.2 if question == "groups" else 0.0
    groups = 2 if question == "groups" else 1
    between = {True: 0.2, False: within}[question == "groups"]
    with_effect = planted_maps(rng, 8, images, groups=groups, between=between, within=within)
    without = planted_maps(rng, 8, images, groups=groups, between=none)
    maps = np.where((labels < strong)[:, None, None, None], with_effect, without)
    order = rng.permutation(images)
    partners = np.array([np.roll(order, -step)[order.argsort()] for step in (1, 2, 3, 4)])
    table = ImageTable(
        compared(maps, maps, metric),
        np.array([compared(maps, maps[row], metric) for row in partners]),
        tuple(map(str, range(images))),
        tuple(f"m{number}" for number in range(8)),
        Key("planted", metric),
        partners=partners,
    )
    return table, [f"c{label}" for label in labels]


def found_in(table, labels, question, seed):
    """Return the influence of images and classes on a finding about a planted table."""
    about = unit_rows(labels)
    metric = registry.get("metric", table.key.metric)
    if question == "factor":
        matrix = Dissimilarities(
            square(table.values.mean(axis=0), 8), table.names, table.key, np.empty((0, 28))
        )
        test = {"factor": "g", "test": "permanova", "untested": "", "corrected": 0.01}
        factors = {"g": dict(zip(table.names, "aaaabbbb", strict=True))}
        permuted = factor_tests.permuted_models([matrix], 199, 0)
        return leaving_out.factor_influence(
            table, matrix, [test], factors, None, permuted, about, "mean", 60, seed
        )
    result = {"dependence_untested": "not asked", "unresolved": "not asked"}
    if question == "dependence":
        result |= {"dependence_untested": "", "dependence_low": 1.0}
    else:
        near, far = both_means(table)
        groups = best_cut(laws.residuals(near, far, metric.law)[0])[2]
        result |= {"unresolved": "", "groups": groups, "grouping_p": 0.0}
    return leaving_out.matrix_influence(table, metric, result, about, 60, seed)


def both_means(table):
    """Return the mean dissimilarities of the same and of different images, (1, pairs) each."""
    chance = mean_of_derangements(table.chance)
    return [dissimilarities_of(values, "mean")[None] for values in (table.values, chance)]


def is_said(row):
    """Return whether a finding is said to hang on less than half of the classes."""
    return row["class_p"] <= 0.05 and row["hangs"] < row["classes"] / 2


def share_said(question, strong, within, draws, images=64, **planted):
    """Return in which share of draws a finding is said to hang on less than half of the classes."""
    said = []
    for draw in range(draws):
        rng = np.random.default_rng([strong, images, draw])
        shape = "groups" if question == "factor" else question
        table, labels = class_table(rng, images, strong, within, question=shape, **planted)
        said.append(is_said(found_in(table, labels, question, draw)[0]))
    return np.mean(said)


def test_without_each_image_the_mean_changes_as_in_closed_form():
    values = np.random.default_rng(0).normal(size=12)
    values[7] = 30.0
    rows = influence_on_mean(values, sample_of(["a", "b"] * 6))
    assert all(tuple(row) == COLUMNS for row in rows)
    (whole,) = part(rows, ALL)
    assert whole["value"] == pytest.approx(values.mean()) and whole["units"] == 12
    first, *others = part(rows, UNIT)
    assert first["name"] == "7" and len(others) == 2
    change = np.delete(values, 7).mean() - values.mean()
    assert first["change"] == pytest.approx(change)
    # The jackknife's standard error of a mean is the usual one.
    assert first["errors"] == pytest.approx(change / (values.std(ddof=1) / np.sqrt(12)))
    centred = (values - values.mean()) ** 2
    assert first["share"] == pytest.approx(centred[7] / centred.sum())
    assert [first["carries"], *(row["carries"] for row in others)] == [1, 0, 0]


def test_without_each_class_and_in_each_alone_the_mean_is_that_of_its_images():
    values = np.arange(9.0)
    rows = influence_on_mean(values, sample_of(list("aabbbcccc")))
    assert [(row["name"], row["value"]) for row in part(rows, WITHOUT)] == [
        ("a", np.arange(2, 9).mean()),
        ("b", (0 + 1 + 5 + 6 + 7 + 8) / 6),
        ("c", np.arange(5).mean()),
    ]
    assert [row["value"] for row in part(rows, ONLY)] == [0.5, 3.0, 6.5]


def test_images_without_classes_have_influence_by_themselves_alone():
    rows = influence_on_mean(np.arange(9.0), sample_of([""] * 9))
    assert not part(rows, WITHOUT) and not part(rows, ONLY) and len(part(rows, UNIT)) == 3
    assert rows[0]["classes"] == 0 and rows[0]["hangs"] is None and rows[0]["class_p"] is None


def test_near_copies_are_left_out_together_and_named_by_the_first():
    values = np.array([0.0, 1, 0, 1, 9, 9, 9, 0])
    units = ["0", "1", "2", "3", "4", "4", "4", "7"]
    sample = sample_of(list("abababab"), units, numbers=[0, 1, 2, 3, 4, 4, 4, 5])
    first = part(influence_on_mean(values, sample), UNIT)[0]
    assert first["name"] == "4 and 2 more"
    assert first["value"] == pytest.approx(values[[0, 1, 2, 3, 7]].mean())


def test_where_classes_are_units_single_images_and_near_copies_tell_classes_apart():
    labels = list("aaabbbccc")
    copies = ["0", "0", "", "", "", "", "", "", ""]
    sample = sample_of(labels, labels, numbers=[0, 0, 0, 1, 1, 1, 2, 2, 2], why="class")
    assert sample.parts.tolist() == list(range(9))
    sample = sample_of(
        labels, labels, numbers=[0, 0, 0, 1, 1, 1, 2, 2, 2], why="class", copies=copies
    )
    assert sample.parts.tolist() == [0, 0, 1, 2, 3, 4, 5, 6, 7]


def test_class_test_is_exact_where_all_orders_are_counted():
    values, labels = np.array([0.1, 1.2, 5.0, 4.1, 0.9, 3.0]), np.array([0, 0, 1, 1, 2, 2])
    local = jackknife.Local(values, np.ones(6), np.arange(6))

    def between(order):
        shuffled = values[list(order)]
        return sum((shuffled[labels == one].mean() - values.mean()) ** 2 for one in range(3))

    null = [between(order) for order in permutations(range(6))]
    exact = np.mean(np.array(null) >= between(range(6)) - 1e-9)
    assert jackknife.class_test(local, labels, 20_000, 0) == pytest.approx(exact, abs=0.01)
    # With one image a class, or one class, nothing can be told.
    assert np.isnan(jackknife.class_test(local, np.arange(6), 99, 0))
    assert np.isnan(jackknife.class_test(local, np.zeros(6, int), 99, 0))


def test_local_effects_of_units_of_unequal_size_are_their_own_means():
    values, parts = np.array([1.0, 2, 6, 3, 3, 9]), np.array([0, 1, 1, 2, 2, 2])
    without = np.array([values[parts != one].mean() for one in range(3)])
    local = jackknife.local_effects(values.mean(), without, parts)
    np.testing.assert_allclose(local.values, [1, 4, 5])
    assert local.sizes.tolist() == [1, 2, 3] and local.first.tolist() == [0, 1, 3]


# From published tables of Grubbs's critical values, two-sided, 5%.
@pytest.mark.parametrize(("units", "critical"), [(8, 2.1266), (20, 2.7082), (100, 3.3841)])
def test_largest_share_is_that_of_the_critical_value_of_grubbs(units, critical):
    assert jackknife.largest_share(units) == pytest.approx(critical**2 / (units - 1), rel=2e-4)


def test_an_effect_hangs_on_the_classes_that_alone_have_it():
    values = np.repeat([4.0, 3.0, 0, 0, 0, 0, 0], 4) + np.tile([0.1, -0.1, 0.2, -0.2], 7)
    labels = [f"c{number // 4}" for number in range(28)]
    first = influence_on_mean(values, sample_of(labels))[0]
    assert (first["hangs"], first["hanging"], first["class_p"]) == (2, "c0, c1", 1 / 200)
    equal = influence_on_mean(values - np.repeat([4.0, 3, 0, 0, 0, 0, 0], 4) + 1, sample_of(labels))
    assert (equal[0]["hangs"], equal[0]["hanging"]) == (7, None)
    # What is no finding hangs on nothing.
    none = influence_on_mean(values, sample_of(labels), found=False)[0]
    assert none["hangs"] is None and none["class_p"] is None


def test_statistics_on_all_images_are_those_that_are_reported():
    table, _ = class_table(np.random.default_rng(3), 40, 10, 0.5)
    once = np.ones((1, 40))
    reported = image_dependence(table, 100, 0)["dependence"]
    assert dependence_under(table, once)[0] == pytest.approx(reported, rel=1e-12)
    assert dependence_within(table, once)[0] == pytest.approx(reported, rel=1e-12)
    beyond = laws.residuals(*both_means(table), "product")[0]
    _, difference, groups = best_cut(beyond)
    found = grouping_under(table, "product", groups_at(beyond, groups), once)
    assert found[0] == pytest.approx(difference, rel=1e-9)


def test_statistics_without_images_are_those_of_the_others():
    table, _ = class_table(np.random.default_rng(4), 30, 10, 0.5)
    kept = np.arange(30) % 3 > 0
    weights, groups = kept[None].astype(float), np.repeat([0, 1], 4)
    near, far = (values[kept].mean(axis=0) for values in (table.values, table.chance.mean(axis=0)))
    rows, columns = np.triu_indices(8, 1)
    within, beyond = (
        groups[rows] == groups[columns],
        laws.residuals(near[None], far[None], "product"),
    )
    assert grouping_under(table, "product", groups, weights)[0] == pytest.approx(
        beyond[0, ~within].mean() - beyond[0, within].mean()
    )
    both = kept & kept[table.partners]
    chance = table.chance[both].mean(axis=0)
    assert dependence_under(table, weights)[0] == pytest.approx(1 - near.mean() / chance.mean())
    missing = table.values.copy()
    missing[kept, 0] = np.nan
    lacking = ImageTable(missing, table.chance, table.images, table.names, table.key)
    assert np.isnan(grouping_under(lacking, "product", groups, weights))[0]


def test_groups_at_a_cut_are_those_of_scipy():
    beyond = np.random.default_rng(5).random(28)
    for groups in range(2, 8):
        ours = groups_at(beyond, groups)
        theirs = fcluster(linkage(beyond, "average"), groups, "maxclust")
        assert ours.max() == groups - 1
        assert len(set(zip(ours, theirs, strict=True))) == groups


def test_effects_of_factors_are_those_of_their_tests():
    rng = np.random.default_rng(6)
    matrices, codes = rng.random((3, 15)), np.array([0, 0, 1, 1, 2, 2])
    differences = square(rng.random(15), 6)
    orders = np.array([[1, 0, 2, 3, 4, 5]])
    expected = [
        permutation_tests.permanova(square(one, 6), codes, orders)["r2"] for one in matrices
    ]
    np.testing.assert_allclose(leaving_out.shares(matrices, codes), expected)
    rho = [spearmanr(one, differences[np.triu_indices(6, 1)])[0] for one in matrices]
    np.testing.assert_allclose(leaving_out.correlations(matrices, differences), rho)
    # Over all permutations of the models, R² has the mean that stands for no effect.
    orders = np.array(list(permutations(range(6))))
    null = [leaving_out.shares(matrices[:1], codes[order])[0] for order in orders]
    assert np.mean(null) == pytest.approx(2 / 5)


def test_findings_of_one_subset_are_corrected_together():
    row = dict.fromkeys(COLUMNS) | {"method": "m", "metric": "a", "subset": "all", "part": ALL}
    rows = [
        row | {"question": "dependence", "found": 1, "class_p": 0.01},
        row | {"question": "groups", "found": 0, "class_p": 0.02},
        row | {"question": "groups", "found": 1, "class_p": 0.001, "metric": "b"},
        row | {"question": "factor", "found": 1, "class_p": 0.03, "subset": "agreeing"},
        row | {"question": "factor", "found": "0", "class_p": ""},
        row | {"part": UNIT, "found": None},
    ]
    structure = [{"method": "m", "metric": "a", "subset": "all", "grouping_holm": "0.04"}]
    found = leaving_out.correct_classes(rows, structure)
    # Groups are found where their corrected p value says so.
    assert [row["found"] for row in found] == [1, 1, 0, 1, "0", None]
    assert [row["class_holm"] for row in found] == [0.02, 0.02, None, 0.03, None, None]


@pytest.mark.parametrize("question", ["groups", "dependence", "factor"])
def test_an_effect_of_two_classes_is_said_to_hang_on_few_and_one_of_all_is_not(question):
    assert share_said(question, 2, 0.5, 12) >= 0.9
    # As weak as it can be and still be found.
    weak = 0.02 if question == "dependence" else 0.25
    assert share_said(question, 10, weak, 40) <= 0.1
