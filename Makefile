# Every target makes what it needs. Needed beforehand: python3.11, make, a C compiler; no root.
#
# Third-party packages come from the pinned, hashed files in tests/requirements (`make lock` writes them):
#   dev.txt     run, test, lint and demo; no torch
#   corpus.txt  recordings of the demo corpus, installed without their dependencies and never imported
#   bench.txt   torch and the peers of `make bench`, some 6 GB, in an environment of their own

PYTHON ?= python3.11
VENV ?= .venv
BENCH_VENV ?= .venv-bench
PY := $(VENV)/bin/python
BENCH_PY := $(BENCH_VENV)/bin/python

REQUIREMENTS := tests/requirements
PLUGINS := $(sort $(wildcard plugins/*))
PROJECTS := pyproject.toml $(PLUGINS:=/pyproject.toml)
EDITABLE := --editable . $(addprefix --editable ,$(PLUGINS))
# What installs without torch.
LIGHT := --editable . $(addprefix --editable ,$(filter-out plugins/augury-synthesis,$(PLUGINS)))
ON_TORCH := plugins/augury-bridges plugins/augury-synthesis plugins/augury-image/tests/parity \
	plugins/augury-image/tests/test_tensors.py plugins/augury-image/tests/test_catalogue.py tests/unit/torch \
	tests/unit/generate tests/unit/quality tests/unit/synthesize tests/durability/test_synthesis.py \
	tests/e2e/commands/test_synth.py
SOURCES := src/augury $(foreach plugin,$(PLUGINS),$(wildcard $(plugin)/src/augury_*))
LINTED := src plugins tests $(wildcard examples docs)

# Tests are spread over the cores, a process each; threads of its own would make each wait for the others'.
SPREAD := -n auto --dist worksteal
ALONE := OMP_NUM_THREADS=1

# The stamp's name is a checksum of the pins and of the projects' files: a change of either installs anew.
stamp = $(1)/installed-$(firstword $(shell cat $(2) $(PROJECTS) | cksum))
READY := $(call stamp,$(VENV),$(REQUIREMENTS)/dev.txt $(REQUIREMENTS)/corpus.txt)
BENCH_READY := $(call stamp,$(BENCH_VENV),$(REQUIREMENTS)/bench.txt $(REQUIREMENTS)/corpus.txt)
EXACT := --disable-pip-version-check --quiet --require-hashes

.DEFAULT_GOAL := help
.PHONY: help env demo test lint format bench torch soak footprint docs lock clean

help:  ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## */\t/' | expand -t 10

env: $(READY)  ## make the virtual environment with everything installed

demo: $(READY)  ## build a dataset from a real mixed corpus and show what came out
	$(PY) examples/demo.py

test: $(READY)  ## run every test of the core and the plugins
	$(ALONE) $(PY) -m pytest $(SPREAD)

lint: $(READY)  ## check style, format, types and generated docs
	$(PY) -m ruff check $(LINTED)
	$(PY) -m ruff format --check $(LINTED)
	$(PY) -m mypy $(SOURCES)
	@if [ -e docs/generate.py ]; then $(PY) docs/generate.py --check; fi

format: $(READY)  ## put the code into the house's format
	$(PY) -m ruff check --fix $(LINTED)
	$(PY) -m ruff format $(LINTED)

bench: $(BENCH_READY)  ## measure against the peers (some 5 GB of packages the first time); AUGURY_BENCH_RECORDS=100000 is shorter
	NO_ALBUMENTATIONS_UPDATE=1 $(BENCH_PY) -m tests.bench

torch: $(BENCH_READY)  ## run the tests that need torch or a peer: synthesis, bridges, parity, training
	$(ALONE) $(BENCH_PY) -m pytest $(SPREAD) $(ON_TORCH)

soak: $(READY)  ## kill runs and workers at twenty random moments each
	AUGURY_SOAK=20 $(PY) -m pytest tests/durability -k random_kills

footprint: $(READY)  ## install the light set and everything afresh; print sizes, times and pip check
	$(PY) tests/packaging/footprint.py

docs: $(READY)  ## write the generated pages and tables
	$(PY) docs/generate.py

lock: $(READY)  ## resolve the pyproject files to pinned requirements with hashes
	$(PY) $(REQUIREMENTS)/lock.py

clean:  ## remove the environments and every cache
	rm -rf $(VENV) $(BENCH_VENV) build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	rm -rf examples/demo/corpus examples/demo/out examples/demo/contact-sheet.png examples/demo/preview.html
	find src plugins tests -name __pycache__ -prune -exec rm -rf {} +

$(READY): | $(PY)
	rm -f $(VENV)/installed-*
	$(PY) -m pip install $(EXACT) --requirement $(REQUIREMENTS)/dev.txt
	$(PY) -m pip install $(EXACT) --no-deps --requirement $(REQUIREMENTS)/corpus.txt
	$(PY) -m pip install --quiet --no-deps --no-build-isolation $(LIGHT)
	touch $@

$(BENCH_READY): | $(BENCH_PY)
	rm -f $(BENCH_VENV)/installed-*
	$(BENCH_PY) -m pip install $(EXACT) --requirement $(REQUIREMENTS)/bench.txt
	$(BENCH_PY) -m pip install $(EXACT) --no-deps --requirement $(REQUIREMENTS)/corpus.txt
	$(BENCH_PY) -m pip install --quiet --no-deps --no-build-isolation $(EDITABLE)
	touch $@

$(PY) $(BENCH_PY):
	$(PYTHON) -m venv $(@:/bin/python=)
