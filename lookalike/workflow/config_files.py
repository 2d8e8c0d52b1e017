"""Files of a config as text: what YAML would read otherwise than it is meant, named by its line.

Of a key that stands twice, YAML takes the second; 010 is 8, and 1:20 is 80.
"""

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml
from yaml.constructor import ConstructorError, SafeConstructor

from lookalike.core.errors import InputError
from lookalike.core.types import StrPath
from lookalike.workflow.complaints import describe

# Levels of a config, and values once all aliases are written out, which no reader expects more of.
DEEPEST, MOST_VALUES = 50, 100_000
OCTAL = re.compile(r"[+-]?0[0-7_]+")
# What YAML calls the kinds of values, as a reader does.
KINDS = {"int": "a number in base 60", "float": "a number in base 60", "timestamp": "a date"}


class Constructor(SafeConstructor):
    """Errors of values, which YAML leaves to Python, have a line too."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """Return the value of a node."""
        try:
            return super().construct_object(node, deep)
        except (ValueError, LookupError, AttributeError, TypeError):
            kind = node.tag.rpartition(":")[2]
            problem = f"{describe(node.value)} is no value of the type {kind}"
            raise ConstructorError(None, None, problem, node.start_mark) from None


def check_files(paths: Iterable[StrPath]) -> None:
    """Refuse files of a config that YAML would read otherwise than they are meant.

    Parameters
    ----------
    paths : iterable of path
        YAML or JSON; those that do not exist are left to who reads them.

    Raises
    ------
    InputError
        On the first fault, with its file and line.
    """
    for path in paths:
        if Path(path).is_file():
            node = compose(path)
            if check_node(path, node, [], {}) > MOST_VALUES:
                raise InputError(
                    f"config: {path}: has more than {MOST_VALUES} values once its aliases are "
                    "written out; leave them out"
                )
            construct(path, node)


def compose(path: StrPath) -> yaml.Node:
    """Return the nodes of a file, a mapping."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"config: {path}: is not text in UTF-8; save it so") from None
    try:
        node = yaml.compose(spaced(text), Loader=yaml.SafeLoader)
    except RecursionError:
        raise too_deep(path) from None
    except yaml.MarkedYAMLError as error:
        raise invalid(path, error) from None
    except yaml.YAMLError as error:
        raise InputError(f"config: {path}: is no YAML ({str(error).splitlines()[0]})") from None
    if not isinstance(node, yaml.MappingNode):
        raise InputError(
            f"config: {path}: needs keys at its top, such as `models:`, and has "
            f"{'none' if node is None else f'a {node.id}'}"
        )
    return node


def construct(path: StrPath, node: yaml.Node) -> None:
    """Refuse what fits YAML's grammar and has no value: a list as a key, 0x_, an unknown tag."""
    try:
        Constructor().construct_document(node)
    except yaml.MarkedYAMLError as error:
        raise invalid(path, error) from None


def invalid(path: StrPath, error: yaml.MarkedYAMLError) -> InputError:
    """Return what to say of an error of YAML, with its line."""
    line = error.problem_mark.line + 1 if error.problem_mark else 1
    return InputError(
        f"config: {path}: line {line} is no valid YAML ({error.problem or error.context})"
        f"{remedy(error.problem or '')}"
    )


def too_deep(path: StrPath) -> InputError:
    """Return what to say of a file with too many levels."""
    return InputError(
        f"config: {path}: has more than {DEEPEST} levels of lists and mappings; close its brackets"
    )


def spaced(text: str) -> str:
    """Return JSON without tabs, which it allows between its parts, and YAML does not."""
    try:
        json.loads(text)
    except ValueError:
        return text
    return text.replace("\t", " ")


def remedy(problem: str) -> str:
    """Return what to do about what YAML reports."""
    if "'\\t'" in problem:
        return "; indent with blanks, not with tabs"
    if "mapping values" in problem:
        return "; put text with a colon into quotes"
    return "; mend it"


def check_node(
    path: StrPath, node: yaml.Node, above: Sequence[yaml.Node], done: dict[yaml.Node, int]
) -> int:
    """Refuse keys that stand twice, and values that are read otherwise than they are meant; return
    how many values there are once aliases are written out.
    """
    place = f"config: {path}: line {node.start_mark.line + 1}"
    if node in above:
        raise InputError(f"{place}: this part holds itself by an alias; leave the alias out")
    if node in done:
        return done[node]
    if len(above) == DEEPEST:
        raise too_deep(path)
    if isinstance(node, yaml.MappingNode):
        check_keys(path, node)
        parts = [part for pair in node.value for part in pair]
    elif isinstance(node, yaml.SequenceNode):
        parts = node.value
    else:
        check_scalar(place, node)
        parts = []
    done[node] = 1 + sum(check_node(path, part, [*above, node], done) for part in parts)
    return done[node]


def check_keys(path: StrPath, node: yaml.MappingNode) -> None:
    """Refuse a key that stands twice in a mapping."""
    lines: dict[tuple[str, str], int] = {}
    for key, _ in node.value:
        line, name = key.start_mark.line + 1, (key.tag, str(key.value))
        if name in lines:
            again = "in the same line" if lines[name] == line else f"in line {line}"
            raise InputError(
                f"config: {path}: the key {key.value!r} stands in line {lines[name]} and again "
                f"{again}; keep one"
            )
        lines[name] = line


def check_scalar(place: str, node: yaml.ScalarNode) -> None:
    """Refuse a value without quotes that YAML reads as a date, in base 8 or in base 60."""
    kind, text = node.tag.removeprefix("tag:yaml.org,2002:"), node.value
    if node.style:
        return
    if kind == "int" and OCTAL.fullmatch(text):
        value = int(text.replace("_", ""), 8)
        raise InputError(
            f"{place}: {text} is read as {value}, a number in base 8; leave out the leading 0, or "
            "put it into quotes if it is a name"
        )
    if kind == "timestamp" or (kind in KINDS and ":" in text):
        raise InputError(f"{place}: {text} is read as {KINDS[kind]}; put it into quotes")
