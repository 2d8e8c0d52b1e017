"""Findings about whether maps depend on the image, and what is not said where they do not."""

from sentences import table, texts, verdicts

from lookalike.findings import dependence
from lookalike.findings.finding import NO, UNKNOWN, YES
from lookalike.findings.tables import without_matrices


def row(metric, low, high, untested="", method="ig"):
    return {
        "method": method,
        "metric": metric,
        "dependence": "nan" if untested else str((float(low) + float(high)) / 2),
        "dependence_low": low,
        "dependence_high": high,
        "dependent_pairs": "0.75",
        "dependence_untested": untested,
    }


ROWS = table(
    [
        row("cosine", "0.2", "0.4"),
        row("mse", "-0.01", "0.03"),
        row("rbf", "-0.02", "0.62"),
        row("emd", "nan", "nan", "with n = 1 image nothing can be concluded"),
        row("cosine", "0.5", "0.7", method="gradcam"),
    ]
)


def test_each_method_says_under_which_metrics_maps_depend_on_the_image():
    assert texts(dependence.dependence_findings(ROWS)) == [
        "ig: maps depend on the image: those of one image are nearer to each other than those of "
        "different images, by this share of chance: cosine 30% [20%, 40%]; in 75% of the pairs "
        "clearly.",
        "ig: the maps of different images are as alike as those of one (by this share of chance: "
        "mse 1% [-1%, 3%]): what is compared is a bias, not the image; nothing more is said of it.",
        "ig: NO evidence that maps depend on the image (by this share of chance: rbf 30% [-2%, "
        "62%]): too few images may be why; nothing more is said of it.",
        "ig: whether maps depend on the image cannot be told under emd: with n = 1 image nothing "
        "can be concluded.",
        "gradcam: maps depend on the image: those of one image are nearer to each other than those "
        "of different images, by this share of chance: cosine 60% [50%, 70%]; in 75% of the pairs "
        "clearly.",
    ]
    assert verdicts(dependence.dependence_findings(ROWS)) == {
        ("dependence", "ig", "cosine"): YES,
        ("dependence", "ig", "mse"): NO,
        ("dependence", "ig", "rbf"): NO,
        ("dependence", "ig", "emd"): UNKNOWN,
        ("dependence", "gradcam", "cosine"): YES,
    }


def test_nothing_more_is_said_of_matrices_whose_maps_do_not_depend_on_the_image():
    left_out = dependence.without_dependence(ROWS)
    assert left_out == {("ig", "mse"), ("ig", "rbf")}
    assert without_matrices(ROWS, left_out)["metric"].tolist() == ["cosine", "emd", "cosine"]
    pairs = table(
        [
            {"method": one, "metric": "mse", "other_method": other, "other_metric": "mse"}
            for one, other in (("ig", "gradcam"), ("gradcam", "ig"), ("gradcam", "lime"))
        ]
    )
    assert without_matrices(pairs, left_out)["other_method"].tolist() == ["lime"]


def test_without_tests_nothing_is_said():
    empty = table([])
    assert dependence.dependence_findings(empty) == []
    assert dependence.without_dependence(empty) == set()
    assert without_matrices(empty, {("ig", "mse")}).empty
