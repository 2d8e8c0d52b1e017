"""Findings about whether maps depend on the image, and what is not said where they do not."""

from sentences import table, texts, verdicts

from lookalike.findings import dependence
from lookalike.findings.finding import NO, UNKNOWN, YES
from lookalike.findings.tables import without_matrices


def row(metric, low, high, untested="", method="ig"):
    return {
        "method": method,
        "metric": metric,
        "subset": "all",
        "n": "nan" if untested else "30",
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


def test_one_line_says_in_which_matrices_maps_depend_on_the_image():
    assert texts(dependence.dependence_findings(ROWS)) == [
        "Maps depend on the image in 2 of 4 matrices that can tell, one for each method and "
        "metric: those of one image are nearer to each other than those of different images, by "
        "60% of chance (95% interval 50% to 70%, n = 30 images, gradcam cosine; 30% to 60% in "
        "all); in 75% of the pairs of models clearly; the maps of different images are as alike as "
        "those of one by ig mse 1% (-1% to 3%): what is compared is a bias, not the image, and "
        "nothing more is said of it; NO evidence that maps depend on the image by ig rbf 30% (-2% "
        "to 62%): too few images may be why, and nothing more is said of it; cannot tell for ig "
        "emd: with n = 1 image nothing can be concluded."
    ]
    (found,) = dependence.dependence_findings(ROWS)
    first = found.answers[0]
    assert (first.value, first.low, first.high, first.n) == (0.30000000000000004, 0.2, 0.4, 30)
    nothing = texts(dependence.dependence_findings(ROWS[3:4]))
    assert nothing == [
        "Cannot tell whether maps depend on the image for ig emd: with n = 1 image nothing can be "
        "concluded."
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
