# make demo: the embedded demo, from nothing to results/report.html      make test: style, lint, tests
# Both do all their set-up in .venv.

PYTHON ?= python3
BIN := .venv/bin
CORES ?= $(shell getconf _NPROCESSORS_ONLN)
# Jobs that may use a card at once: one a card, or one a core where there is none.
CARDS = $(shell nvidia-smi --list-gpus 2>/dev/null | grep -c '^GPU' || true)
GPU ?= $(if $(filter-out 0,$(CARDS)),$(CARDS),$(CORES))

.PHONY: demo test test-slow style docs lock clean

demo: .venv/ready
	$(BIN)/snakemake --cores $(CORES) --resources gpu=$(GPU)
	@echo "The report is at $(CURDIR)/results/report.html"

test: style
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder tests/unit tests/workflow

# Two experiments at full size, 224 x 224, with random weights and few images.
test-slow: .venv/ready
	$(BIN)/python -m pytest tests/slow

style: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile rules
	$(BIN)/snakemake --lint

docs: .venv/ready
	$(BIN)/python docs/generate.py

.venv/ready: requirements.lock
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --requirement requirements.lock
	touch $@

lock: requirements.txt
	uv pip compile --universal --python-version 3.11 --no-emit-index-url --no-header --no-annotate requirements.txt --output-file requirements.lock

clean:
	rm -rf results logs benchmarks .snakemake
