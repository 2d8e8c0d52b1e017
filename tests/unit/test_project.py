"""What holds the project together: environments, generated pages, locks, the embedded config."""

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from lookalike.workflow import fingerprint, sources
from lookalike.workflow.config import resolve

ROOT = Path(__file__).parent.parent.parent
PACKAGES = {
    "PIL": "pillow",
    "skimage": "scikit-image",
    "ot": "pot",
    "community": "python-louvain",
    "yaml": "pyyaml",
    "huggingface_hub": "huggingface-hub",
}


def rules():
    """Return every rule's text by its name."""
    found = {}
    for path in sorted((ROOT / "rules").rglob("*.smk")):
        for block in re.split(r"^(?=(?:rule|checkpoint) )", path.read_text(), flags=re.M)[1:]:
            found[re.match(r"\w+ (\w+)", block).group(1)] = block
    return found


def helper_of(block, parameter):
    """Return the text of the function that gives a rule's parameter; empty if there is none."""
    name = re.search(rf"^        {parameter}=(\w+),$", block, re.M)
    texts = [path.read_text() for path in sorted((ROOT / "rules").rglob("*.smk"))]
    found = name and re.search(rf"^def {name[1]}\(.*?(?=^\S)", "\n".join(texts), re.M | re.S)
    return found[0] if found else ""


def pins(lines):
    """Return lower-case package names with their pinned versions."""
    return {
        name.lower().replace("_", "-"): version
        for name, version in re.findall(r"^\s*(?:- )?([A-Za-z0-9_.-]+)==(\S+)", lines, re.M)
    }


def env_pins(name):
    return pins((ROOT / "envs" / name).read_text())


REQUIREMENTS = pins((ROOT / "requirements.txt").read_text())


def imports_of(path):
    """Return the modules that a file imports anywhere."""
    names = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.update([node.module, *(f"{node.module}.{alias.name}" for alias in node.names)])
    return names


def files_loaded(*paths):
    """Return files and, transitively, the files of lookalike that they import."""
    found, pending = set(), list(paths)
    while pending:
        path = pending.pop()
        if path not in found:
            found.add(path)
            pending += [file for file in map(sources.file_of, imports_of(path)) if file]
    return found


def imported_packages(*paths):
    """Return the packages that files, and the modules of lookalike behind them, import anywhere."""
    modules = set().union(*(imports_of(path) for path in files_loaded(*paths)))
    names = {module.split(".")[0] for module in modules}
    foreign = names - set(sys.stdlib_module_names) - {"lookalike"}
    return {PACKAGES.get(name, name.lower()) for name in foreign}


@pytest.mark.parametrize("rule", rules())
def test_every_rule_has_what_a_rule_needs(rule):
    block = rules()[rule]
    script = re.search(r'script:\s+"(?:\.\./)+(\S+)"', block).group(1)
    assert script == f"scripts/{rule}.py"
    assert (ROOT / script).is_file()
    assert re.match(rf'(rule|checkpoint) {rule}:\n    """[A-Z][^"]+\."""', block)
    assert re.search(r"^    log:$", block, re.M)
    assert re.search(rf'fingerprint\(\s*"{script}"', block + helper_of(block, "source"))
    assert "lambda" not in block
    assert all(len(line) <= 100 for line in block.splitlines())


def test_rules_that_use_torch_claim_a_card_and_threads():
    for name, block in rules().items():
        if "claim_device" in (ROOT / f"scripts/{name}.py").read_text():
            assert re.search(r"resources:\s+gpu=cards_needed", block), name
            assert re.search(r"threads: 1", block), name


def test_no_two_files_of_tests_have_one_name():
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    "path", sorted((ROOT / "scripts").glob("*.py")), ids=lambda path: path.stem
)
def test_every_script_begins_by_checking_what_it_reads(path):
    statements = ast.parse(path.read_text()).body
    first = next(one for one in statements[1:] if not isinstance(one, ast.Import | ast.ImportFrom))
    assert ast.unparse(first) == "jobs.begin(snakemake)"


@pytest.mark.parametrize("rule", rules())
def test_every_environment_has_what_its_scripts_import(rule):
    env = re.search(r'conda:\s+"(?:\.\./)+envs/(\w+\.yaml)"', rules()[rule]).group(1)
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
        files = fingerprint.files_behind(f"scripts/{script}.py")
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


def test_the_configs_of_the_tutorial_are_valid(tmp_path, monkeypatch):
    for model in ("ResNet50", "DeiT"):
        (tmp_path / "Models" / model).mkdir(parents=True)
        (tmp_path / "Models" / model / "cat.npy").touch()
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "docs/tutorial.md").read_text(encoding="utf-8")
    configs = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", text, re.S)]
    first, *_ = whole = [config for config in configs if "methods" in config]
    for config in whole:
        assert resolve(config)["comparisons"]
    # Models that are added to the first.
    added = [config["models"] for config in configs if config.keys() == {"models"}]
    for models in added:
        assert (
            resolve({**first, "models": first["models"] | models})["models"].keys() > models.keys()
        )
    assert len(whole) + len(added) == len(configs)


def test_the_page_of_the_architecture_names_what_there_is():
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    packages = {path.parent.name for path in (ROOT / "lookalike").glob("*/__init__.py")}
    assert packages <= set(re.findall(r'^    (\w+)\["\1: ', text, re.M))
    named = {tuple(name.split(".")) for name in re.findall(r"`([a-z_]+(?:\.\w+)+)`", text)}
    # `images.npz` is a file.
    named = {name for name in named if name[0] in packages and name[-1] != "npz"}
    assert len(named) > 15
    for package, module, *rest in named:
        found = importlib.import_module(f"lookalike.{package}.{module}")
        assert all(hasattr(found, part) for part in rest), (package, module, *rest)
    rules_named = re.findall(r"^\| \w+ \| `(\w+)` \|", text, re.M)
    assert len(rules_named) > 7
    files = [path.read_text() for path in (ROOT / "rules").rglob("*.smk")]
    assert set(rules_named) <= set(re.findall(r"^ *rule (\w+):", "\n".join(files), re.M))


@pytest.mark.parametrize("name", ["ci", "docs", "slow"])
def test_workflows_of_ci_run_what_make_knows(name):
    text = (ROOT / f".github/workflows/{name}.yml").read_text(encoding="utf-8")
    steps = [step for job in yaml.safe_load(text)["jobs"].values() for step in job["steps"]]
    assert all("uses" in step or "run" in step for step in steps)
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    assert set(re.findall(r"make ([a-z-]+)", text)) <= targets


def test_the_pythons_of_ci_are_those_of_the_metadata():
    metadata = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    matrix = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    pythons = matrix["jobs"]["test"]["strategy"]["matrix"]["python-version"]
    assert pythons == re.findall(r"Python :: (3\.\d+)", metadata)
