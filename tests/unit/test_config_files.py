"""Files of a config as text: what YAML would misread is named with its line."""

import json

import pytest

from lookalike.core.errors import InputError
from lookalike.workflow.config_files import check_files

WRONG = {
    "twice": (
        "metrics: [cosine]\nmodels:\n  A: {timm: a}\nmetrics: [rbf]\n",
        "the key 'metrics' stands in line 1 and again in line 4; keep one",
    ),
    "twice within": (
        "models:\n  A: {timm: a}\n  B: {timm: b}\n  A: {timm: c}\n",
        "the key 'A' stands in line 2 and again in line 4",
    ),
    "twice in a list": ("a:\n- {b: 1, c: 2, b: 3}\n", "the key 'b' stands in line 2 and again in"),
    "twice in JSON": (
        '{\n\t"a": 1,\n\t"a": 2}',
        "the key 'a' stands in line 2 and again in line 3",
    ),
    "merged twice": ("a: &a {b: 1}\nc:\n  <<: *a\n  <<: *a\n", "the key '<<' stands in line 3 and"),
    "base 8": ("seed: 1\nimages: {n: 010}\n", "line 2: 010 is read as 8, a number in base 8"),
    "base 8 as a name": ("models: {007: {}}\n", "line 1: 007 is read as 7, a number in base 8"),
    "base 60": ("a: 12:30\n", "line 1: 12:30 is read as a number in base 60; put it into quotes"),
    "base 60 with a fraction": ("a: 1:20.5\n", "line 1: 1:20.5 is read as a number in base 60"),
    "date": ("models:\n  2024-01-02: {}\n", "line 2: 2024-01-02 is read as a date; put it into"),
    "no date": ("a: 2024-13-45\n", "line 1: 2024-13-45 is read as a date"),
    "tab": ("a:\n\tb: 1\n", "line 2 is no valid YAML (found character '\\t' that cannot start any"),
    "colon": (
        "a: b: c\n",
        "line 1 is no valid YAML (mapping values are not allowed here); put text",
    ),
    "open quote": ('a: "b\n', "is no valid YAML (found unexpected end of stream); mend it"),
    "two documents": ("a: 1\n---\nb: 2\n", "line 2 is no valid YAML (but found another document)"),
    "no anchor": ("a: *b\n", "line 1 is no valid YAML (found undefined alias 'b')"),
    "control character": ("a: \x01\n", "is no YAML (unacceptable character #x0001"),
    "loop": ("a: &a [1, *a]\n", "line 1: this part holds itself by an alias; leave the alias out"),
    "unknown tag": ("a: !b 1\n", "line 1 is no valid YAML (could not determine a constructor for"),
    "a list as a key": ("a: 1\n? [b]\n: 2\n", "line 2 is no valid YAML (found unhashable key)"),
    "merged with a number": ("<<: 3\n", "line 1 is no valid YAML (expected a mapping or list of"),
    "no digits": ("a: 1\nb: 0x_\n", "line 2 is no valid YAML (the text '0x_' is no value of the"),
    "too deep": ("a: " + "[" * 60 + "]" * 60, "more than 50 levels of lists and mappings"),
    "much too deep": ("a: " + "{b: " * 5000, "more than 50 levels of lists and mappings"),
    "much too deep in JSON": ('{"a": ' + "[" * 5000, "more than 50 levels of lists and mappings"),
    "empty": ("", "needs keys at its top, such as `models:`, and has none"),
    "comments alone": ("# models:\n", "needs keys at its top, such as `models:`, and has none"),
    "list": ("- a\n- b\n", "needs keys at its top, such as `models:`, and has a sequence"),
    "Latin-1": (b"family: r\xe9seau\n", "is not text in UTF-8; save it so"),
}
RIGHT = {
    "anchors": "a: &a {b: 1}\nc: {<<: *a, b: 2}\nd: [*a, *a]\n",
    "numbers": "a: [0, -0.5, 0.10, 1e-3, 0x10, 1_000, '010', \"1:20\", '2024-01-02']\n",
    "one key in several mappings": "a: {x: 1}\nb: {x: 1}\nc: [{x: 1}, {x: 1}]\n",
    "byte-order mark": b"\xef\xbb\xbfa: 1\n",
    "JSON with tabs": json.dumps(
        {"a": {"b": [1, None, "x\ty/"]}, "c": "\ud83d\ude00"}, indent="\t"
    ),
}


def written(tmp_path, text):
    path = tmp_path / "config.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(("text", "complaint"), WRONG.values(), ids=WRONG)
def test_what_yaml_would_misread_is_refused_with_its_line(text, complaint, tmp_path):
    path = written(tmp_path, text)
    with pytest.raises(InputError) as error:
        check_files([path])
    assert str(error.value).startswith(f"config: {path}: ") and "\n" not in str(error.value)
    assert complaint in str(error.value)


@pytest.mark.parametrize("text", RIGHT.values(), ids=RIGHT)
def test_valid_files_pass(text, tmp_path):
    check_files([written(tmp_path, text), tmp_path / "absent.yaml"])


@pytest.mark.parametrize("line", ["a{}: &a{} [*a{}, *a{}]", "a{}: &a{} {{b: *a{}, c: *a{}}}"])
def test_aliases_of_aliases_are_counted_and_not_written_out(tmp_path, line):
    lines = ["a0: &a0 {d: 1}", *(line.format(n, n, n - 1, n - 1) for n in range(1, 40))]
    check_files([written(tmp_path, "\n".join(lines[:10]))])
    with pytest.raises(InputError, match="more than 100000 values once its aliases are written"):
        check_files([written(tmp_path, "\n".join(lines))])
