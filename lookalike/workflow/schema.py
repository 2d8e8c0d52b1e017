"""The schema: defaults filled in, and what does not fit it refused in one line."""

import copy
import os
import re
from pathlib import Path
from typing import Any

import yaml

from lookalike.core.errors import InputError, unknown
from lookalike.core.types import Row

SCHEMA = Path(__file__).parents[2] / "schemas" / "config.schema.yaml"
UNSET = re.compile(r"\$(\w+|\{\w+\})")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
EXPONENT = re.compile(r"[+-]?\d+(\.\d*)?[eE][+-]?\d+")


def complete(config: Row) -> Row:
    """Check a config against the schema and return it with all defaults, paths without `~` and
    variables of the environment; it is not changed.

    Raises
    ------
    InputError
        On the first key or value that does not fit, with its place.
    """
    schema = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))
    completed = fill_defaults(numbers_from_text(copy.deepcopy(dict(config))), schema)
    check_schema(completed, schema)
    return expand_paths(completed, schema)


def fill_defaults(value: Any, schema: Row) -> Any:
    """Add the schema's defaults to a config, at every level that is an object."""
    for key, part in schema.get("properties", {}).items():
        if isinstance(value, dict):
            if "default" in part:
                value.setdefault(key, copy.deepcopy(part["default"]))
            if key in value:
                fill_defaults(value[key], part)
    if isinstance(value, dict) and isinstance(schema.get("additionalProperties"), dict):
        for key in value.keys() - schema.get("properties", {}).keys():
            fill_defaults(value[key], schema["additionalProperties"])
    return value


def expand_paths(value: Any, schema: Row, place: str = "") -> Any:
    """Replace `~`, `$NAME` and `${NAME}` in everything that the schema calls a path."""
    for option in schema.get("anyOf", ()):
        value = expand_paths(value, option, place)
    if isinstance(value, dict):
        parts, others = schema.get("properties", {}), schema.get("additionalProperties")
        others = others if isinstance(others, dict) else {}
        return {
            key: expand_paths(part, parts.get(key, others), f"{place}.{key}".lstrip("."))
            for key, part in value.items()
        }
    if isinstance(value, list) and "items" in schema:
        return [expand_paths(part, schema["items"], place) for part in value]
    if isinstance(value, str) and schema.get("format") == "path":
        return expand_path(value, place)
    return value


def expand_path(path: str, place: str) -> str:
    """Return a path with the home folder and the variables of the environment in it."""
    if path.lower().startswith(("http://", "https://")) or Path(path).exists():
        return path
    expanded = os.path.expandvars(path)
    if unset := UNSET.search(expanded):
        raise InputError(
            f"config: {place}: {path} does not exist, and {unset[0]} stands for nothing; set this "
            "variable of the environment, or write the path out"
        )
    try:
        return str(Path(expanded).expanduser()) if expanded.startswith("~") else expanded
    except RuntimeError:
        raise InputError(
            f"config: {place}: {path} does not exist: there is no such user; write the path out"
        ) from None


def numbers_from_text(value: Any) -> Any:
    """Return a config with numbers such as 2e-3, which YAML reads as text."""
    if isinstance(value, dict):
        return {key: numbers_from_text(part) for key, part in value.items()}
    if isinstance(value, list):
        return [numbers_from_text(part) for part in value]
    return float(value) if isinstance(value, str) and EXPONENT.fullmatch(value) else value


def check_schema(config: Row, schema: Row) -> None:
    """Refuse a config that does not fit the schema, in one line."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    error = best_match(Draft202012Validator(schema).iter_errors(config))
    if error is None:
        return
    place = ".".join(map(str, error.absolute_path)) or "the top level"
    if error.validator == "additionalProperties":
        known = error.schema["properties"]
        raise unknown(
            f"config key at {place}", next(key for key in error.instance if key not in known), known
        )
    if error.validator == "pattern" and "propertyNames" in error.schema_path:
        check_name(error.instance, place)
    raise InputError(f"config: {place}: {error.message}")


def check_name(name: str, place: str) -> None:
    """Refuse a name that cannot be part of a path; place says where in the config it stands."""
    if not NAME.fullmatch(name):
        raise InputError(
            f"config: {name!r} at {place} is no valid name: letters, digits, '_', '.' and '-' "
            "only, the first a letter or digit"
        )
