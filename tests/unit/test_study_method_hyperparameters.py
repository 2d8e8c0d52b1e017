"""Other settings of a method: which are tried, that the same one moves nothing, and verdicts."""

import numpy as np
import pytest
import torch
from configs import small_config
from networks import TARGETS, tiny_model

from lookalike.core import registry
from lookalike.core.errors import InputError
from lookalike.plots.method_hyperparameters import movements
from lookalike.plots.style import save
from lookalike.studies import method_hyperparameters as study
from lookalike.workflow.plan import make_plan
from lookalike.workflow.studies import usual_settings

torch.set_num_threads(1)


def run_of(method, **options):
    return {"method": method, "options": registry.with_defaults("method", method, options)}


@pytest.mark.parametrize(
    ("run", "settings"),
    [
        (run_of("integrated_gradients", steps=50), [{"steps": 25}, {"baseline": "blur"}]),
        (
            run_of("kernelshap", segments=50, samples=350, baseline="blur"),
            [{"samples": 175}, {"segments": 25}, {"baseline": "zero"}],
        ),
        (run_of("occlusion"), [{"baseline": "blur"}]),
        (run_of("gradcam"), []),
        (run_of("random"), []),
        ({"method": None, "options": {}}, []),
    ],
)
def test_usual_settings_are_half_as_many_and_another_baseline(run, settings):
    assert usual_settings(run) == settings


def config_of(settings=None):
    config = small_config() | {"studies": ["method_hyperparameters"]}
    config["methods"] = {
        "ig": {"explain": "integrated_gradients"},
        "shap": {"explain": "kernelshap"},
        "gradcam": {"explain": "gradcam"},
    }
    return config | ({"method_hyperparameters": {"settings": settings}} if settings else {})


def test_settings_are_those_of_the_config_or_the_usual_ones():
    usual = make_plan(config_of()).studies["method_hyperparameters"]["settings"]
    assert usual.keys() == {"ig", "shap"}
    # Of a method that draws at random, other seeds come first.
    assert usual["shap"][0] == {} and usual["ig"][0] == {"tolerance": 0.01}
    given = make_plan(config_of({"ig": [{"steps": 8}]})).studies["method_hyperparameters"]
    assert given["settings"] == {"ig": [{"steps": 8}]}


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"shop": [{"steps": 8}]}, "shop"),
        ({"ig": [{"stepps": 8}]}, "stepps"),
        ({"ig": [{"baseline": "black"}]}, "black"),
    ],
)
def test_wrong_settings_are_refused_before_the_first_job(settings, text):
    with pytest.raises(InputError, match=text):
        make_plan(config_of(settings))


def test_a_config_without_such_a_method_is_refused():
    config = config_of() | {"methods": {"gradcam": {"explain": "gradcam"}}}
    with pytest.raises(InputError, match="needs a method with steps, samples, segments"):
        make_plan(config)


class Pictures:
    """An explainer of two images of noise."""

    images = ("a", "b")

    def explain(self, method, model, targets, names, options):
        pixels = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
        return list(method(model, pixels, targets, [len("".join(names))] * 2, **options)[0])


def explained(name, settings, steps=8):
    method, options = registry.get("method", "integrated_gradients"), {"steps": steps}
    model, pictures = tiny_model(name), Pictures()
    own = pictures.explain(method, model, TARGETS[:2], ("own",), options)
    read = dict(zip(pictures.images, own, strict=True)).get
    view = {"size": 16, "sign": "absolute", "scale": "max_abs"}
    return study.explain_settings(
        pictures, method, model, TARGETS[:2], ("ig", name), options, settings, view, read
    )


def test_the_same_setting_moves_nothing_and_fewer_steps_do():
    settings = [{"steps": 8}, {"steps": 1}]
    maps = {name: explained(name, settings) for name in ("test_resnet", "test_vit", "test_byobnet")}
    metrics = {
        "cosine": (registry.get("metric", "cosine"), {}),
        "mse": (registry.get("metric", "mse"), {}),
    }
    rows = study.measure_run("ig", metrics, maps, np.arange(2), 8, "mean", 50, 0)
    assert [(row["setting"], row["metric"]) for row in rows] == [
        (text, metric) for text in ("steps: 8", "steps: 1") for metric in metrics
    ]
    assert all(row.keys() == set(study.COLUMNS) for row in rows)
    assert [row["moved_high"] for row in rows[:2]] == [0, 0]
    assert abs(rows[2]["shift"]) > 0 and rows[2]["r"] < 1
    # Half as wide by four times as many images, and less still by Student's t.
    assert all(0 < row["width_all"] < 0.3 * row["width"] for row in rows)


def row_of(metric, low, high, width=0.1):
    return {
        "run": "ig",
        "metric": metric,
        "setting": "steps: 8",
        "moved": (low + high) / 2,
        "moved_low": low,
        "moved_high": high,
        "mean": 0.5,
        "width_all": width,
        "r": 0.9,
        "r_low": 0.8,
        "r_high": 0.95,
        "untested": "",
    }


def test_a_verdict_needs_the_whole_interval():
    rows = [row_of("cosine", 0, 0.05), row_of("mse", 0.2, 0.3), row_of("rbf", 0.05, 0.2)]
    (text,) = study.conclude(rows, 16)
    assert text.startswith(
        "ig, steps: 8: a pair's dissimilarity moves less than by other images under cosine; more "
        "than by other images under mse; about as much as by other images under rbf. Most under "
        "mse: by 0.25 (95% interval 0.2 to 0.3, 16 images)"
    )


def test_one_model_or_one_image_tells_nothing():
    maps = {"test_resnet": explained("test_resnet", [{"steps": 4}])}
    metrics = {"cosine": (registry.get("metric", "cosine"), {})}
    rows = study.measure_run("ig", metrics, maps, np.arange(2), 2, "mean", 10, 0)
    assert study.conclude(rows, 2) == [
        "ig: cannot tell whether it matters: needs at least 2 models; found 1."
    ]
    maps["test_vit"] = explained("test_vit", [{"steps": 4}])
    (row,) = study.measure_run("ig", metrics, maps, np.zeros(2, int), 1, "mean", 10, 0)
    assert row["untested"] == "needs at least 2 images"


@pytest.mark.parametrize("rows", [[], [row_of("cosine", 0, 0.05), row_of("mse", 0.2, 0.3)]])
def test_the_figure_is_drawn(tmp_path, rows):
    save(movements(rows, title="settings"), [tmp_path / "figure.png"])
    assert (tmp_path / "figure.png").stat().st_size > 3_000
