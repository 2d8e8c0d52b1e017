"""What holds the project together: environments, generated pages, locks, the embedded config."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from lookalike.workflow import fingerprint

ROOT = Path(__file__).parent.parent.parent
PACKAGES = {
    "PIL": "pillow",
    "skimage": "scikit-image",
    "ot": "pot",
    "yaml": "pyyaml",
    "huggingface_hub": "huggingface-hub",
}


def rules():
    """Return every rule's text by its name."""
    found = {}
    for path in sorted((ROOT / "rules").glob("*.smk")):
        for block in re.split(r"^(?=rule )", path.read_text(), flags=re.M)[1:]:
            found[re.match(r"rule (\w+)", block).group(1)] = block
    return found


def pins(lines):
    """Return lower-case package names with their pinned versions."""
    return {
        name.lower().replace("_", "-"): version
        for name, version in re.findall(r"^\s*(?:- )?([A-Za-z0-9_.-]+)==(\S+)", lines, re.M)
    }


def env_pins(name):
    return pins((ROOT / "envs" / name).read_text())


REQUIREMENTS = pins((ROOT / "requirements.txt").read_text())


def imported_packages(*paths):
    """Return the packages that files, and the modules of lookalike behind them, import anywhere."""
    names = set()
    for path in set().union(*(fingerprint.closure(path) for path in paths)):
        for node in ast.walk(ast.parse((fingerprint.ROOT / path).read_text())):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            modules += [node.module] if isinstance(node, ast.ImportFrom) else []
            names.update(module.split(".")[0] for module in modules)
    foreign = names - set(sys.stdlib_module_names) - {"lookalike"}
    return {PACKAGES.get(name, name.lower()) for name in foreign}


@pytest.mark.parametrize("rule", rules())
def test_every_rule_has_what_a_rule_needs(rule):
    block = rules()[rule]
    script = re.search(r'script:\s+"\.\./(\S+)"', block).group(1)
    assert script == f"scripts/{rule}.py"
    assert (ROOT / script).is_file()
    assert re.match(rf'rule {rule}:\n    """[A-Z][^"]+\."""', block)
    assert re.search(r"^    log:$", block, re.M)
    assert f'fingerprint("{script}"' in block
    assert "lambda" not in block or all(len(line) <= 160 for line in block.splitlines())


def test_rules_that_use_torch_claim_a_card_and_threads():
    for name, block in rules().items():
        if "claim_device" in (ROOT / f"scripts/{name}.py").read_text():
            assert re.search(r"resources:\s+gpu=1", block), name
            assert re.search(r"threads: 1", block), name


@pytest.mark.parametrize("rule", rules())
def test_every_environment_has_what_its_scripts_import(rule):
    env = re.search(r'conda:\s+"\.\./envs/(\w+\.yaml)"', rules()[rule]).group(1)
    sources = [f"scripts/{rule}.py"]
    if rule == "explain_images":
        sources += [
            str(path.relative_to(ROOT)) for path in (ROOT / "lookalike/methods").glob("*.py")
        ]
    if rule in ("compare_models", "aggregate_matrix"):
        sources += [
            str(path.relative_to(ROOT)) for path in (ROOT / "lookalike/metrics").glob("*.py")
        ]
    missing = imported_packages(*sources) - env_pins(env).keys()
    assert not missing


@pytest.mark.parametrize("path", sorted((ROOT / "envs").glob("*.yaml")), ids=lambda path: path.name)
def test_environments_pin_what_requirements_pin(path):
    environment = yaml.safe_load(path.read_text())
    plain = [entry for entry in environment["dependencies"] if isinstance(entry, str)]
    assert all("=" in entry for entry in plain)
    found = env_pins(path.name)
    assert found
    assert found.items() <= REQUIREMENTS.items()


def test_an_edited_metric_does_not_rerun_what_explains_or_sums_up():
    for script in ("explain_images", "batch_maps", "measure_localisation", "aggregate_matrix"):
        files = fingerprint.closure(f"scripts/{script}.py")
        assert f"scripts/{script}.py" in files
        assert not [path for path in files if path.startswith("lookalike/metrics/")]


def test_the_lock_holds_the_requirements_and_no_address():
    text = (ROOT / "requirements.lock").read_text()
    assert (
        REQUIREMENTS.items()
        <= {name: version.split(";")[0] for name, version in pins(text).items()}.items()
    )
    assert "://" not in text
    assert "://" not in (ROOT / "requirements.txt").read_text()


def test_generated_pages_are_up_to_date():
    done = subprocess.run(
        [sys.executable, ROOT / "docs/generate.py", "--check"],
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_every_config_key_is_explained_or_shown_in_the_embedded_config():
    schema = yaml.safe_load((ROOT / "schemas/config.schema.yaml").read_text())
    text = (ROOT / "config.yaml").read_text()
    for key in schema["properties"]:
        assert f"{key}:" in text, key


def test_every_config_key_is_described_in_the_schema():
    described = (ROOT / "docs/config.md").read_text(encoding="utf-8")
    keys = {
        row[0]: row[3]
        for row in re.findall(r"^\| (`.+?`) \| (.*?) \| (.*?) \| (.*?) \|$", described, re.M)
    }
    assert len(keys) > 60
    sections = dict(re.findall(r"^## `(\w+)`\n\n(.+)\n", described, re.M))
    top = set(yaml.safe_load((ROOT / "schemas/config.schema.yaml").read_text())["properties"])
    assert not [key for key, text in sections.items() if text.startswith("|")]
    assert sections.keys() == top
    assert not [key for key, meaning in keys.items() if not meaning and key.strip("`") not in top]
