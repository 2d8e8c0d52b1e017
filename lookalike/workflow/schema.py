"""The schema: defaults filled in, and what does not fit it refused in one line."""

import copy
import functools
import math
import os
import re
from pathlib import Path
from typing import Any

import yaml

from lookalike.core.errors import InputError
from lookalike.core.types import Row
from lookalike.workflow.complaints import (
    alternatives,
    complaint_of,
    describe,
    first_error,
    kinds_of,
)

SCHEMA = Path(__file__).parents[2] / "schemas" / "config.schema.yaml"
UNSET = re.compile(r"\$(\w+|\{\w+\})")
SURROGATE = re.compile("[\ud800-\udfff]")
# Numbers that YAML reads as text: 2e-3, .5e3, -.5.
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)[eE][+-]?\d+|[+-]\.\d+")


def complete(config: Row) -> Row:
    """Check a config against the schema and return it with all defaults, paths without `~` and
    variables of the environment; it is not changed.

    Raises
    ------
    InputError
        On the first key or value that does not fit, with its place.
    """
    schema = read_schema()
    completed = fill_defaults(read_values(copy.deepcopy(dict(config)), schema), schema)
    check_schema(completed, schema)
    return expand_paths(completed, schema)


@functools.cache
def read_schema() -> Row:
    """Return the schema with every reference replaced by what it names."""
    # libyaml, where PyYAML was built with it, is ten times as fast.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    schema = yaml.load(SCHEMA.read_text(encoding="utf-8"), loader)
    definitions = schema.pop("$defs")

    def inlined(part: Any) -> Any:
        if isinstance(part, list):
            return [inlined(one) for one in part]
        if not isinstance(part, dict):
            return part
        own = {key: inlined(below) for key, below in part.items() if key != "$ref"}
        name = part.get("$ref", "").removeprefix("#/$defs/")
        return inlined(definitions[name]) | own if name else own

    return inlined(schema)


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
    if path.lower().startswith(("http://", "https://")) or exists(path, place):
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


def exists(path: str, place: str) -> bool:
    """Return whether a path leads anywhere; refuse one that the system cannot look up."""
    try:
        Path(path).stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(
            f"config: {place}: {describe(path)} cannot be looked up as a path ({reason}); mend it"
        ) from None
    return True


def read_values(value: Any, schema: Row, place: str = "") -> Any:
    """Return a config with numbers such as 2e-3, which YAML reads as text; refuse names that it
    does not read as text, and numbers that are none.
    """
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise InputError(
                    f"config: {place or 'the top level'}: a name must be text, and this one is "
                    f"{describe(key)}; put it into quotes"
                )
        return {
            key: read_values(part, below(schema, "object", key), f"{place}.{key}".lstrip("."))
            for key, part in value.items()
        }
    if isinstance(value, list):
        return [
            read_values(part, below(schema, "array"), f"{place}.{number}")
            for number, part in enumerate(value)
        ]
    if isinstance(value, str) and NUMBER.fullmatch(value) and may_be_number(schema):
        value = float(value)
        value = int(value) if value.is_integer() else value
    if isinstance(value, str) and SURROGATE.search(value):
        raise InputError(
            f"config: {place}: {describe(value)} holds half of a character, which no file takes; "
            "write it anew"
        )
    if isinstance(value, float) and not math.isfinite(value):
        raise InputError(f"config: {place}: {value} is not a finite number; give one")
    return value


def may_be_number(schema: Row) -> bool:
    """Return whether a part of the schema allows a number, as one that is open does."""
    kinds = kinds_of(schema)
    return not kinds or bool({"integer", "number"} & set(kinds))


def below(schema: Row, kind: str, key: str = "") -> Row:
    """Return the schema of a key of an object, or of the entries of an array; empty if it is
    open.
    """
    part: Row = next((part for part in alternatives(schema) if part.get("type") == kind), {})
    if kind == "array":
        return part.get("items", {})
    others = part.get("additionalProperties")
    return part.get("properties", {}).get(key) or (others if isinstance(others, dict) else {})


def check_schema(config: Row, schema: Row) -> None:
    """Refuse a config that does not fit the schema, in one line."""
    from jsonschema import Draft202012Validator, validators

    # JSON takes 2.0 for an integer, which Python does not.
    types = Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, value: isinstance(value, int) and not isinstance(value, bool)
    )
    validator = validators.extend(Draft202012Validator, type_checker=types)(schema)
    if error := first_error(validator.iter_errors(config)):
        raise complaint_of(error)
