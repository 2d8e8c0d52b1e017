# make demo: the embedded demo, from nothing to results/report.html
# make test: style, lint, types, documentation, tests
# Both do all their set-up in .venv.

PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/pip install --quiet --no-deps --no-compile --requirement /dev/stdin
CORES ?= $(shell getconf _NPROCESSORS_ONLN)
# Jobs that may use a card at once: one a card. Without a card, none waits for one.
CARDS = $(shell nvidia-smi --list-gpus 2>/dev/null | grep -c '^GPU' || true)
GPU ?= $(or $(filter-out 0,$(CARDS)),1)
NEW_ENOUGH = $(shell $(PYTHON) -c 'import sys; print(sys.version_info >= (3, 11))' 2>/dev/null)
FOUND = $(shell $(PYTHON) --version 2>/dev/null)

.PHONY: demo test test-slow test-cluster test-browser style docs site lock clean

demo: .venv/ready
	$(BIN)/python -m snakemake --cores $(CORES) --resources gpu=$(GPU) --logger lookalike
	@echo "The report is at $(CURDIR)/results/report.html"

test: style site
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder tests/workflow tests/unit

# Two experiments at full size, 224 x 224, with random weights and few images, and three ImageNet
# networks with their own weights, which need a package index; and further cases of unit tests.
test-slow: .venv/ready
	$(BIN)/python -m pytest tests/slow
	$(BIN)/python -m pytest -m slow tests/unit

# profiles/slurm on a Slurm that is started here, and results in a storage, for which root installs
# Debian's packages. Skipped where they cannot be had. The plugin of Slurm lies apart, since each start
# of Snakemake would load it.
test-cluster: .venv/ready
	{ command -v slurmctld && command -v rsync; } > /dev/null || { apt-get update && \
		apt-get install --yes --no-install-recommends \
		slurmctld slurmd slurm-client munge rsync; } > /dev/null 2>&1 || true
	$(BIN)/pip install --quiet --no-deps --upgrade --target build/slurm \
		--requirement profiles/slurm/requirements.txt
	PYTHONPATH=$(CURDIR)/build/slurm $(BIN)/python -m pytest -rs tests/cluster

# The report in Chromium, which root installs from Debian, with fonts that have all names. Skipped
# where it cannot be had. Pictures of the pages are left in build/screenshots.
test-browser: demo
	command -v chromium > /dev/null || { apt-get update && apt-get install --yes \
		--no-install-recommends chromium fonts-noto-cjk; } > /dev/null 2>&1 || true
	$(BIN)/python -m pytest -rs tests/browser

style: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/snakefmt --check Snakefile rules
	$(BIN)/snakemake --lint

# The generated pages.
docs: .venv/ready
	$(BIN)/python docs/generate.py

# The documentation as a site, in site/; a broken link is an error.
site: .venv/ready
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

.venv/ready: requirements.lock
	$(if $(filter True,$(NEW_ENOUGH)),,$(error lookalike needs Python 3.11 or later; \
	$(PYTHON) is $(or $(FOUND),not there). Name another with PYTHON=python3.11))
	$(PYTHON) -m venv .venv
	# The lock names everything. Two halves at once, then compiled on all cores, but for the tests
	# of the packages: pip uses only one core.
	grep '^nvidia-' requirements.lock | $(INSTALL) & \
	grep -v '^nvidia-' requirements.lock | $(INSTALL); others=$$?; wait $$! && exit $$others
	$(BIN)/python -m compileall -q -j 0 -x '/tests/' .venv/lib > /dev/null || true
	touch $@

lock: requirements.txt
	uv pip compile --universal --python-version 3.11 --no-emit-index-url --no-header \
		--no-annotate requirements.txt --output-file requirements.lock

clean:
	rm -rf results logs benchmarks site .snakemake
