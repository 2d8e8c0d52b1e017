"""Checks of what a config names: two spellings of one name, one thing under two names, and factors
of two kinds.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from lookalike.core.errors import InputError
from lookalike.core.types import Row
from lookalike.inference.factors import is_known
from lookalike.maps.found_models import LONGEST_NAME
from lookalike.workflow.complaints import invalid_name

NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_.-]{{0,{LONGEST_NAME - 1}}}")


def check_name(name: str, place: str) -> None:
    """Refuse a name that cannot be part of a path; place says where in the config it stands."""
    if not NAME.fullmatch(name):
        raise invalid_name(name, place)


def check_names(config: Row) -> None:
    """Refuse names that differ only in case or in how an accent is stored, in a resolved config.

    Many file systems take them for one; and of a factor they would make two, or of a family.
    """
    for section in ("models", "methods", "metrics", "matrices"):
        check_spelling(section, config[section])
    recipes = config["models"]
    check_spelling("models: families", (recipe["family"] for recipe in recipes.values()))
    factors = dict.fromkeys(key for recipe in recipes.values() for key in recipe["factors"])
    check_spelling("models: factors", factors)
    for factor in factors:
        check_factor(
            factor,
            {
                name: recipe["factors"][factor]
                for name, recipe in recipes.items()
                if factor in recipe["factors"]
            },
        )


def check_spelling(place: str, names: Iterable[str]) -> None:
    """Refuse two spellings of one name."""
    known: dict[str, str] = {}
    for name in names:
        other = known.setdefault(unicodedata.normalize("NFC", name).casefold(), name)
        if other != name:
            raise InputError(
                f"config: {place}: {other!r} and {name!r} are two spellings of one name (file "
                "systems may not tell them apart); use one, or another name"
            )


def check_factor(factor: str, values: Mapping[str, Any]) -> None:
    """Refuse a factor that is a number or a truth value for one model and text for another."""
    known = {name: value for name, value in values.items() if is_known(str(value))}
    check_spelling(
        f"models: levels of {factor!r}",
        (value for value in known.values() if isinstance(value, str)),
    )
    kinds = {kind_of(value): name for name, value in known.items()}
    if len(kinds) > 1:
        first, second = list(kinds.values())[:2]
        raise InputError(
            f"config: models.{second}.factors.{factor}: is {known[second]!r}, and for {first} "
            f"{known[first]!r}; give numbers or text in all models (YAML reads yes, no, on and "
            "off as true and false: put them into quotes)"
        )


def kind_of(value: Any) -> type:
    """Return the kind of a factor's value: a number, a truth value or text."""
    return float if isinstance(value, int | float) and not isinstance(value, bool) else type(value)


def check_copies(config: Row) -> None:
    """Refuse a metric or a view of maps that is another one under a second name."""
    check_unlike("metrics", {name: repr(about) for name, about in config["metrics"].items()})
    views = {
        name: repr([about["explanation"], sorted(about["view"].items())])
        for name, about in config["methods"].items()
    }
    check_unlike("methods", views)


def check_unlike(place: str, states: Mapping[str, str]) -> None:
    """Refuse two names of one thing."""
    known: dict[str, str] = {}
    for name, state in states.items():
        if (other := known.setdefault(state, name)) != name:
            raise InputError(
                f"config: {place}.{name}: is the same as {other!r} with the same options; change "
                "an option or leave one out"
            )
