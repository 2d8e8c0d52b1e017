"""Complaints about values that do not fit the schema: place, what is expected, what is there."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from lookalike.core.errors import InputError, near_names, unknown
from lookalike.core.types import Row
from lookalike.maps.found_models import LONGEST_NAME

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

# What a reader calls the types of the schema.
TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
}
LIMITS = {
    "minimum": "of at least",
    "exclusiveMinimum": "above",
    "maximum": "at most",
    "exclusiveMaximum": "below",
}
LONGEST = 60


def first_error(errors: "Iterable[ValidationError]") -> "ValidationError | None":
    """Return the error to report: the one with the shortest path, or what lies within it."""
    found = min(errors, key=lambda error: len(error.absolute_path), default=None)
    if found is None or not found.context:
        return found
    # Of the alternatives, one that the value was meant for: its error lies deeper in the value, or
    # is about a key. Where there is none, all alternatives are what is expected.
    meant = [
        error
        for error in found.context
        if error.relative_path
        or error.validator in ("additionalProperties", "maxProperties")
        or is_about_name(error)
    ]
    return first_error(meant) if meant else found


def is_about_name(error: "ValidationError") -> bool:
    """Return whether an error is about a name that the user chose."""
    return "propertyNames" in error.schema_path


def complaint_of(error: "ValidationError") -> InputError:
    """Return what to say of an error of the schema, in one line."""
    place = ".".join(map(str, error.absolute_path)) or "the top level"
    value, schema = error.instance, error.schema
    if error.validator == "additionalProperties":
        known = schema["properties"]
        return unknown(
            f"config key at {place}", next(key for key in value if key not in known), known
        )
    if is_about_name(error):
        return invalid_name(value, place)
    if error.validator in ("required", "dependentRequired"):
        needs = error.validator_value
        if isinstance(needs, dict):
            needs = [other for key, others in needs.items() if key in value for other in others]
        missing = next(key for key in needs if key not in value)
        about = schema["properties"][missing]
        return InputError(
            f"config: {place}: needs `{missing}`: {about.get('description', expected(about))}"
        )
    return InputError(
        f"config: {place}: expected {expected(schema)}; found {describe(value)}"
        f"{remedy(value, schema)}"
    )


def invalid_name(name: str, place: str) -> InputError:
    """Return what to say of a name that cannot be part of a path."""
    return InputError(
        f"config: {name!r} at {place} is no valid name: letters, digits, '_', '.' and '-' only, "
        f"the first a letter or digit, and {LONGEST_NAME} at most"
    )


def expected(schema: Row) -> str:
    """Return in words which values a part of the schema allows."""
    if "title" in schema:
        return schema["title"]
    if "anyOf" in schema:
        return one_of(expected(part) for part in schema["anyOf"])
    if "enum" in schema or "const" in schema:
        return one_of(f"`{value}`" for value in schema.get("enum", [schema.get("const")]))
    kinds = kinds_of(schema)
    if "array" in kinds:
        return expected_list(schema)
    if "object" in kinds:
        return expected_mapping(schema)
    limits = " and ".join(f"{word} {schema[key]}" for key, word in LIMITS.items() if key in schema)
    return " ".join(filter(None, [one_of(TYPES[kind] for kind in kinds), limits]))


def expected_mapping(schema: Row) -> str:
    """Return in words which mappings a part of the schema allows."""
    if isinstance(schema.get("additionalProperties"), dict):
        return f"a mapping from names to {expected(schema['additionalProperties'])}"
    keys = list(schema.get("properties", {}))[:3]
    return f"a mapping with keys such as {', '.join(keys)}" if keys else "a mapping"


def one_of(words: Iterable[str]) -> str:
    """Return alternatives as a part of a sentence."""
    *others, last = dict.fromkeys(words)
    return f"{', '.join(others)} or {last}" if others else last


def expected_list(schema: Row) -> str:
    """Return in words which lists a part of the schema allows."""
    least = schema.get("minItems", 0)
    count = schema.get("maxItems") or ("", "one or more", f"at least {least}")[min(least, 2)]
    different = "different" if schema.get("uniqueItems") else ""
    words = ["a list of", str(count), different, "entries, each", expected(schema["items"])]
    return " ".join(filter(None, words))


def alternatives(schema: Row) -> Iterator[Row]:
    """Yield the parts of a schema of which a value fits one, or the schema itself."""
    if "anyOf" not in schema:
        yield schema
    for part in schema.get("anyOf", ()):
        yield from alternatives(part)


def kinds_of(schema: Row) -> list[str]:
    """Return the types that a part of the schema allows; none if it is open."""
    found: list[str] = []
    for part in alternatives(schema):
        kinds = part.get("type", [])
        found += kinds if isinstance(kinds, list) else [kinds]
    return found


def describe(value: Any) -> str:
    """Return a value in words, cut if it is long."""
    text = repr(value)
    text = text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return f"{str(value).lower()} (YAML reads yes, no, on and off as true and false)"
    kinds = {str: "text", int: "number", float: "number", list: "list", dict: "mapping"}
    return f"the {kinds.get(type(value), type(value).__name__)} {text}"


def remedy(value: Any, schema: Row) -> str:
    """Return what to do about a value of the wrong kind; empty if what is expected says it."""
    kinds = kinds_of(schema)
    if value is None:
        return "; give a value, or leave the key out"
    if "string" in kinds and not isinstance(value, dict | list | str):
        return "; put it into quotes"
    if isinstance(value, list) and schema.get("uniqueItems"):
        twice = [one for number, one in enumerate(value) if one in value[:number]]
        return f", where {twice[0]!r} stands twice" if twice else ""
    if isinstance(value, str):
        if {"integer", "number"} & set(kinds) and value.strip().lstrip("+-").isdecimal():
            return (
                "; leave out the quotes, and on the command line give it in a file, since "
                "`--config` reads what is within {...} as text"
            )
        return near_names(value, map(str, schema.get("enum", [])))
    return ""
