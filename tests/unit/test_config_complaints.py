"""What a config holds that is not meant so: values of another kind, names in two spellings, one
thing under two names; each refused in one line that names the place and what is expected.
"""

import datetime

import jsonschema
import pytest
from configs import change, small_config

from lookalike.core.errors import InputError
from lookalike.workflow.config import resolve
from lookalike.workflow.schema import complete, read_schema

# One value of each kind, and some that only their limits refuse.
VALUES = [None, True, -3, 2.5, 2.0, "text", "", "12", [], ["text"], [7, 7], [None], {}, {"a": 1}]
# What a key needs next to it.
SIBLINGS = {
    ("matrices", "N"): {"path": "a.csv"},
    ("inference", "hypotheses", 0): {"factor": "family"},
    ("metric_validation",): {"maps": "a.npy", "labels": "a.csv"},
}
WORDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "array": "list",
    "object": "mapping",
}


@pytest.fixture
def config():
    return small_config()


def places_of(schema, above=()):
    """Yield the path and the schema of every place of a config; names that users choose are `N`."""
    for key, part in schema.get("properties", {}).items():
        yield (*above, key), part
        yield from places_of(part, (*above, key))
    for part in schema.get("anyOf", []):
        yield from places_of(part, above)
    if isinstance(schema.get("additionalProperties"), dict):
        yield (*above, "N"), schema["additionalProperties"]
        yield from places_of(schema["additionalProperties"], (*above, "N"))
    if "items" in schema and "items" not in above:
        yield (*above, 0), schema["items"]
        yield from places_of(schema["items"], (*above, 0))


PLACES = list(places_of(read_schema()))


def config_with(path, value):
    """Return a config that holds a value at one place, and nothing else."""
    for depth in reversed(range(len(path))):
        key, above = path[depth], path[:depth]
        pair = {"clip", "cell", "names"} & set(path)
        value = [value] * (2 if pair else 1) if key == 0 else SIBLINGS.get(above, {}) | {key: value}
    return value


def whole_numbers(value):
    """Return whether a value holds a number such as 2.0, which JSON takes for an integer."""
    parts = value if isinstance(value, list) else [value]
    return any(isinstance(part, float) and part.is_integer() for part in parts)


def alternatives(schema):
    """Return the parts of a schema of which a value fits one."""
    return schema.get("anyOf", [schema])


def kinds_in(part):
    """Return the types of a part of the schema."""
    kinds = part.get("type", [])
    return [kinds] if isinstance(kinds, str) else kinds


def holds_integers(schema):
    """Return whether a number must be an integer."""
    kinds = {kind for part in alternatives(schema) for kind in kinds_in(part)}
    return "integer" in kinds


def allowed_words(schema):
    """Return one word for every kind of value that a place allows, and every word of a choice."""
    parts = alternatives(schema)
    choices = [
        value
        for part in parts
        for value in (*part.get("enum", []), *([part["const"]] if "const" in part else []))
    ]
    return [*(WORDS[kind] for part in parts for kind in kinds_in(part)), *choices]


@pytest.mark.parametrize(
    ("path", "schema"), PLACES, ids=[".".join(map(str, path)) for path, _ in PLACES]
)
def test_a_value_of_a_wrong_kind_is_refused_with_its_place_and_what_is_expected(path, schema):
    validator = jsonschema.Draft202012Validator(schema)
    wrong = [
        value
        for value in VALUES
        if not validator.is_valid(value) or (whole_numbers(value) and holds_integers(schema))
    ]
    place = ".".join(map(str, path))
    assert wrong or not schema.get("type"), place
    for value in wrong:
        with pytest.raises(InputError) as error:
            complete(config_with(path, value))
        text = str(error.value)
        assert "\n" not in text and "not valid under" not in text and len(text) < 400
        assert place in text
        if text.startswith(f"config: {place}: expected "):
            expected = text.partition(": expected ")[2].partition("; found ")[0]
            assert "title" in schema or all(word in expected for word in allowed_words(schema))
        else:
            # Within the value, or about one of its keys.
            assert isinstance(value, list | dict), text


REMEDIES = [
    ("metrics", "cosine", "expected a list such as [cosine, ssim] or a mapping such as"),
    ("metrics", [{"rbf": None, "sigma": 3}], "metrics.0: expected one metric with its options"),
    ("metrics", None, "found nothing; give a value, or leave the key out"),
    ("images.source", False, "YAML reads yes, no, on and off as true and false); put it into"),
    ("images.source", datetime.date(2024, 1, 2), "found the date"),
    ("images.n", "12", "leave out the quotes, and on the command line give it in a file"),
    (
        "images.n",
        True,
        "expected a whole number of at least 1 and at most 10000000 or `all`; found true",
    ),
    ("images.n", 48.0, "found the number 48.0"),
    ("seed", float("nan"), "config: seed: nan is not a finite number"),
    ("methods.ig.steps", float("inf"), "config: methods.ig.steps: inf is not a finite number"),
    ("finetuning.lr", "1e999", "config: finetuning.lr: inf is not a finite number"),
    ("methods.ig.steps", "50", "method 'integrated_gradients': steps must be a whole number"),
    ("methods.ig.steps", True, "method 'integrated_gradients': steps must be a whole number"),
    ("subsets", ["all", "all"], "where 'all' stands twice"),
    ("groups.linkages", ["average", "average"], "where 'average' stands twice"),
    ("groups.resolutions", [1, 1.0], "where 1.0 stands twice"),
    ("target", "lable", "did you mean 'label'?"),
    ("metric_validation", {"maps": "a.npy"}, "config: metric_validation: needs `labels`: CSV"),
]


@pytest.mark.parametrize(("place", "value", "complaint"), REMEDIES)
def test_a_misread_value_is_refused_with_the_remedy(place, value, complaint, config):
    *parents, last = place.split(".")
    part = config
    for key in parents:
        part = part.setdefault(key, {})
    part[last] = value
    with pytest.raises(InputError) as error:
        resolve(config)
    assert complaint in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("name", [18, False, 1.5, None, datetime.date(2024, 1, 2)])
@pytest.mark.parametrize(
    "place", ["models", "methods", "metrics", "matrices", "models.ViT.options"]
)
def test_names_that_yaml_does_not_read_as_text_are_refused(place, name, config):
    change(config, place, {name: {}})
    with pytest.raises(InputError, match=f"config: {place}: a name must be text") as error:
        resolve(config)
    assert "put it into quotes" in str(error.value)


@pytest.mark.parametrize(
    ("text", "number"), [("1e-3", 0.001), ("5E+1", 50), (".5e3", 500), ("-.5", -0.5), ("1.e2", 100)]
)
def test_numbers_that_yaml_reads_as_text_are_numbers(text, number, config):
    change(config, "models.ViT.factors", {"x": text})
    found = resolve(config)["models"]["ViT"]["factors"]["x"]
    assert found == number and type(found) is type(number)


def test_text_that_looks_like_a_number_stays_text_where_text_is_expected(config):
    change(config, "models.1e5", {"timm": "test_vit", "family": "2e3"})
    change(config, "models.b", {"replicate_of": "1e5"})
    models = resolve(config)["models"]
    assert models["b"]["replicate_of"] == "1e5" and models["b"]["family"] == "2e3"


def test_a_metric_without_options_may_stand_as_a_key(config):
    config["metrics"] = {"cosine": None, "rbf": {"sigma": 60}}
    assert list(resolve(config)["metrics"]) == ["cosine", "rbf"]


SPELLINGS = [
    ("models", {"models.resnet": {"timm": "test_vit"}}, "'ResNet' and 'resnet'"),
    (
        "methods",
        {"methods.GradCAM": {"explain": "gradcam", "depth": 0.5}},
        "'gradcam' and 'GradCAM'",
    ),
    ("metrics", {"metrics": ["cosine", {"Cosine": {"metric": "mse"}}]}, "'cosine' and 'Cosine'"),
    ("matrices", {"matrices": {"a": {"path": "a"}, "A": {"path": "b"}}}, "'a' and 'A'"),
    (
        "models: families",
        {"models.ResNet.family": "cnn", "models.ViT.family": "CNN"},
        "'cnn' and 'CNN'",
    ),
    (
        "models: families",
        {"models.ResNet.family": "r\u00e9seau", "models.ViT.family": "re\u0301seau"},
        "are two spellings of one name",
    ),
    (
        "models: factors",
        {"models.ResNet.factors": {"depth": 1}, "models.ViT.factors": {"Depth": 2}},
        "'depth' and 'Depth'",
    ),
    (
        "models: levels of 'norm'",
        {"models.ResNet.factors": {"norm": "batch"}, "models.ViT.factors": {"norm": "Batch"}},
        "'batch' and 'Batch'",
    ),
]


@pytest.mark.parametrize(("place", "changes", "complaint"), SPELLINGS)
def test_two_spellings_of_one_name_are_refused(place, changes, complaint, config):
    for key, value in changes.items():
        change(config, key, value)
    with pytest.raises(InputError) as error:
        resolve(config)
    assert str(error.value).startswith(f"config: {place}: ") and complaint in str(error.value)


@pytest.mark.parametrize(
    ("one", "other", "is_refused"),
    [
        (False, "se", True),
        (18, "deep", True),
        (True, 1, True),
        (18, 2.5, False),
        (18, "unknown", False),
        (False, True, False),
        ("no", "se", False),
    ],
)
def test_a_factor_is_of_one_kind(one, other, is_refused, config):
    change(config, "models.ResNet.factors", {"x": one})
    change(config, "models.ViT.factors", {"x": other})
    if is_refused:
        with pytest.raises(
            InputError, match=r"config: models.ViT.factors.x: is .*, and for ResNet"
        ):
            resolve(config)
    else:
        assert resolve(config)["models"]["ViT"]["factors"] == {"x": other}


@pytest.mark.parametrize(
    ("place", "value", "complaint"),
    [
        (
            "metrics",
            ["cosine", {"mine": {"metric": "cosine"}}],
            "metrics.mine: is the same as 'cosine'",
        ),
        (
            "metrics",
            ["rbf", {"b": {"metric": "rbf", "sigma": 80.0}}],
            "metrics.b: is the same as 'rbf'",
        ),
        ("methods.copy", {"from": "gradcam"}, "methods.copy: is the same as 'gradcam'"),
        (
            "methods.copy",
            {"from": "ig", "sign": "absolute"},
            "methods.copy: is the same as 'ig_abs'",
        ),
    ],
)
def test_one_thing_under_two_names_is_refused(place, value, complaint, config):
    change(config, place, value)
    with pytest.raises(InputError, match=f"config: {complaint} with the same options"):
        resolve(config)
