"""The schema: defaults filled in, and what does not fit it refused in one line."""

import copy
import re
from pathlib import Path
from typing import Any

import yaml

from lookalike.core.errors import InputError, unknown
from lookalike.core.types import Row

SCHEMA = Path(__file__).parents[2] / "schemas" / "config.schema.yaml"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
EXPONENT = re.compile(r"[+-]?\d+(\.\d*)?[eE][+-]?\d+")


def complete(config: Row) -> Row:
    """Check a config against the schema and return it with all defaults; it is not changed.

    Raises
    ------
    InputError
        On the first key or value that does not fit, with its place.
    """
    schema = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))
    completed = fill_defaults(numbers_from_text(copy.deepcopy(dict(config))), schema)
    check_schema(completed, schema)
    return completed


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
