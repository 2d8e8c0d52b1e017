"""The pages that describe the config, made from its schema."""

from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent
SCHEMA = yaml.safe_load((ROOT / "schemas/config.schema.yaml").read_text(encoding="utf-8"))
# What a reader calls the types of the schema, one of them and several.
TYPES = {
    "string": ("text", "texts"),
    "integer": ("whole number", "whole numbers"),
    "number": ("number", "numbers"),
    "boolean": ("`true` or `false`", "`true` or `false`"),
    "object": ("mapping", "mappings"),
}
LIMITS = {
    "minimum": "at least",
    "exclusiveMinimum": "above",
    "maximum": "at most",
    "exclusiveMaximum": "below",
}

CONFIG_INTRODUCTION = """# Config

Made from `schemas/config.schema.yaml` by `make docs`. The schema is closed: a misspelt key is an
error that names the nearest keys, and so is a key that stands twice. `--configfile other.yaml`
replaces `config.yaml`; the two are never merged. Paths are relative to the folder where Snakemake
works (`--directory`). A name in capitals stands for a name of your own: letters, digits, `_`, `.`
and `-`, the first a letter or digit; two names must differ in more than upper and lower case.
Options of a metric or of an explanation method are on the pages [Metrics](metrics.md) and
[Explanation methods](methods.md).
"""

CATALOG_INTRODUCTION = """# Configuration

Write a `config.yaml` next to the `Snakefile`, or give another one with `--configfile`. The one in
the repository is the embedded demo, with its options commented. There are three ways in, which may
be mixed:

- images and models: `images` and `models`, with `methods` that explain and `metrics` that compare;
- existing saliency maps: `models_from`, or `maps` of a model; PyTorch is not needed;
- an existing matrix of dissimilarities or similarities: `matrices`.

The folder `examples/` has a config for each. `docs/config.md` explains every key.

| key | what it sets |
|---|---|
"""


def resolved(part):
    """Return a part of the schema with what its reference names; its own keys come first."""
    name = part.get("$ref", "").removeprefix("#/$defs/")
    return SCHEMA["$defs"][name] | part if name else part


def escaped(text):
    """Return text for a table's cell, where a bar would end it, even within code."""
    return text.replace("|", "\\|")


def type_text(part, several=False):
    """Return in words which values a part of the schema allows."""
    part = resolved(part)
    if "anyOf" in part:
        return " or ".join(dict.fromkeys(type_text(choice, several) for choice in part["anyOf"]))
    if "enum" in part or "const" in part:
        values = part.get("enum") or [part["const"]]
        return ", ".join(f"`{yaml_text(value)}`" for value in values)
    if part["type"] == "array":
        return f"list of {type_text(part['items'], several=True)}"
    kinds = part["type"] if isinstance(part["type"], list) else [part["type"]]
    return " or ".join(TYPES[kind][several] for kind in kinds) + limits_text(part)


def limits_text(part):
    """Return the bounds of a number in words."""
    found = [f"{word} {part[key]}" for key, word in LIMITS.items() if key in part]
    return f" ({', '.join(found)})" if found else ""


def keys_of(part, above=""):
    """Yield the path and the schema of every key that takes a value, below a part of the schema;
    names that users choose are in capitals.
    """
    part = resolved(part)
    for key, below in part.get("properties", {}).items():
        if "properties" not in below:
            yield f"{above}{key}", below
        yield from keys_of(below, f"{above}{key}.")
    named = part.get("additionalProperties")
    if isinstance(named, dict):
        yield from keys_of(named, f"{above}NAME.")
    for choice in part.get("anyOf", []):
        yield from keys_of(choice, above)


def key_row(path, part):
    """Return the row of one key in a table of the config."""
    part = resolved(part)
    default = part.get("default")
    shown = "" if default is None or default == {} else f"`{yaml_text(default)}`"
    cells = (f"`{path}`", type_text(part), shown, part.get("description", ""))
    return "| " + " | ".join(escaped(cell) for cell in cells) + " |"


def yaml_text(value):
    """Return a value as YAML has it, in one line."""
    text = yaml.safe_dump(value, default_flow_style=True, width=1000)
    return text.removesuffix("...\n").strip()


def sentence(about):
    """Return a description as a sentence, or as the question that it is."""
    return f"{about[:1].upper()}{about[1:]}{'' if about.endswith('?') else '.'}"


def reference():
    """Return the page of all keys of the config."""
    lines = [CONFIG_INTRODUCTION]
    for name, part in SCHEMA["properties"].items():
        keys = list(keys_of(part, f"{name}."))
        about = part.get("description", "")
        lines += [f"## `{name}`", "", *([sentence(about), ""] if about else [])]
        if not keys:
            keys = [(name, {**part, "description": ""})]
        rows = [key_row(path, below) for path, below in keys]
        lines += ["| key | value | default | meaning |", "|---|---|---|---|", *rows, ""]
    return "\n".join(lines)


def overview():
    """Return the short description of the config that the workflow catalog shows."""
    rows = [
        f"| `{name}` | {escaped(resolved(part).get('description', ''))} |"
        for name, part in SCHEMA["properties"].items()
    ]
    return CATALOG_INTRODUCTION + "\n".join(rows) + "\n"
