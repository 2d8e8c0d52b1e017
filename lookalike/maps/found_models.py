"""Models that are found by their maps: which folders, or which parts of file names, they are."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from lookalike.core.errors import InputError, unknown
from lookalike.core.types import Row, StrPath
from lookalike.core.walking import files_below, is_hidden
from lookalike.maps.formats import SINGLE, choose_format, reader_of
from lookalike.maps.patterns import (
    fill_model,
    find_matches,
    is_pattern,
    placeholders_of,
)

# The published layout:
# Models/<Model>/Saliency_experiment_outputs/<Variant>_model/numpy_saliency_map/*.npy
OUTPUTS, VARIANT_SUFFIX = "Saliency_experiment_outputs", "_model"
VARIANT_FACTOR = "variant"
# A file is named after two models, and file systems bear 255 bytes.
LONGEST_NAME = 120


class Found(NamedTuple):
    """What looks like a model: its name on disk, its name in the config, and its part of that, or
    what is wrong with it.
    """

    original: str
    name: str
    recipe: Row
    problem: str = ""


def find_models(
    sources: str | Path | Sequence[StrPath], exclude: Sequence[str] = ()
) -> dict[str, Row]:
    """Find the models whose maps lie in folders, or fit patterns.

    Parameters
    ----------
    sources : path or sequence of paths
        A folder with one sub-folder for each model, its maps at any depth; or, within that,
        `Saliency_experiment_outputs/<Variant>_model/`, where each variant is a model. Or a folder
        with one file of many maps for each model. Or a pattern with `{model}`, such as
        `out/{model}/{image}_*.npy`.
    exclude : sequence of str
        Names of models or of their folders that are left out; `*` and `?` as in a shell.

    Returns
    -------
    dict
        By name, `<Model>` or `<Model>-<variant>`, the model's part of the config: `maps`, and for a
        variant also `family` and `factors`.

    Raises
    ------
    InputError
        If there is none, one that is excluded does not exist, a folder holds no maps, or names are
        alike. All that do not fit are named.
    """
    sources = [sources] if isinstance(sources, str | Path) else sources
    everything = [each for source in sources for each in models_of(source)]
    for rule in exclude:
        if not any(is_named(each, rule) for each in everything):
            raise unknown("model of models_from.exclude", rule, {each.name for each in everything})
    found: dict[str, Row] = {}
    problems = []
    for each in everything:
        if any(is_named(each, rule) for rule in exclude):
            continue
        alike = next((name for name in found if name.casefold() == each.name.casefold()), None)
        if alike:
            called = (
                f"both be called {alike!r}"
                if alike == each.name
                else f"be called {alike!r} and {each.name!r}, which differ in case alone"
            )
            paths = f"{found[alike]['maps']} and {each.recipe['maps']}"
            problems.append(f"{paths} would {called} (rename one)")
        elif each.problem:
            problems.append(each.problem)
        elif len(each.name) > LONGEST_NAME:
            problems.append(f"{each.recipe['maps']}: the model's name is too long")
        else:
            found[each.name] = each.recipe
    if problems:
        remedy = "mend this, or leave models out with models_from: {folder: ..., exclude: [NAME]}"
        more = f"; and {len(problems) - 2} more" if len(problems) > 2 else ""
        raise InputError(f"models_from: {'; '.join(problems[:2])}{more}; {remedy}")
    if not found:
        raise InputError(
            f"models_from: {', '.join(map(str, sources))} holds no folder with maps; give one "
            "sub-folder for each model, or a pattern with {model} and {image}"
        )
    return found


def is_named(model: Found, rule: str) -> bool:
    """Return whether a rule of `exclude` names a model or its folder."""
    rule = rule.replace("[", "[[]")
    return fnmatchcase(model.name, rule) or fnmatchcase(model.original, rule)


def models_of(source: StrPath) -> Iterator[Found]:
    """Yield the models of a folder or a pattern, sorted."""
    if is_pattern(source):
        yield from models_of_pattern(str(source))
        return
    folder = Path(source)
    if not folder.is_dir():
        raise InputError(
            f"models_from: {folder} is no folder; give one with the maps of several models"
        )
    above = frozenset({str(folder.resolve())})
    for home in sorted(path for path in folder.iterdir() if not is_hidden(path.name)):
        if home.is_dir():
            files = files_below(home, above)
            if any(map(reader_of, files)):
                yield from variants_of(home)
            elif files:
                problem = f"{home} holds files, but no maps"
                yield Found(home.name, valid_name(home.name), {"maps": str(home)}, problem)
        elif reader_of(home) not in (None, *SINGLE):
            yield Found(home.name, valid_name(home.stem), {"maps": str(home)})


def models_of_pattern(pattern: str) -> Iterator[Found]:
    """Yield the models that a pattern names."""
    names = placeholders_of(pattern)
    if "model" not in names:
        raise InputError(
            f"models_from: {pattern} does not say where the model's name stands; write {{model}} "
            "there"
            if names
            else f"models_from: {pattern} is no folder; give one with the maps of several models"
        )
    # Without {image}, what fits is the folder or the stack of one model.
    with_image = "image" in names
    matches = list(find_matches(pattern, folders=not with_image))
    _, others = choose_format([match.path for match in matches if match.path.is_file()])
    by_model: dict[str, set[str]] = {}
    for match in matches:
        if match.path not in others:
            model = match.values["model"]
            path = fill_model(pattern, model) if with_image else str(match.path)
            by_model.setdefault(model, set()).add(path)
    for model, paths in sorted(by_model.items()):
        special = with_image and re.search(r"[{}*?]", model)
        problem = f"{model!r} of {pattern} has a brace, `*` or `?` in its name" if special else ""
        for path in sorted(paths):
            yield Found(model, valid_name(model), {"maps": path}, problem)


def variants_of(home: Path) -> Iterator[Found]:
    """Yield each variant in a model's folder, or the model if it has none."""
    variants = sorted(
        path
        for path in (home / OUTPUTS).glob(f"*{VARIANT_SUFFIX}")
        if path.is_dir() and any(map(reader_of, files_below(path)))
    )
    for path in variants:
        variant = path.name.removesuffix(VARIANT_SUFFIX).lower()
        yield Found(
            home.name,
            valid_name(f"{home.name}-{variant}"),
            {"maps": str(path), "family": home.name, "factors": {VARIANT_FACTOR: variant}},
        )
    if not variants:
        yield Found(home.name, valid_name(home.name), {"maps": str(home)})


def valid_name(text: str) -> str:
    """Return a folder's name as a valid name of a model."""
    text = unicodedata.normalize("NFC", text)
    return re.sub(r"[^A-Za-z0-9_.-]", "_", text).lstrip("_.-") or "model"
