# Every target sets up what it needs. `make test` works on a fresh Debian machine with Python.
SHELL := /bin/bash
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
.DEFAULT_GOAL := help

.PHONY: help setup demo test check format bench lab app notebooks screenshots docs clean

help:  ## List the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

$(VENV)/.runtime: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[notebooks]'
	@touch $@

$(VENV)/.development: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@ $(VENV)/.runtime

setup: $(VENV)/.development  ## Make the virtual environment with all development tools
	@$(BIN)/python -m flowbook --version

demo: $(VENV)/.runtime  ## Execute the quickstart notebook on real data and say what it did
	$(BIN)/python notebooks/demo.py

test: $(VENV)/.development system  ## Run every test
	node --test tests/js/*.test.mjs
	$(BIN)/python -m pytest -n 2 --dist loadfile

.PHONY: system
system:
	@scripts/install-system-packages

node_modules/.installed: package.json package-lock.json
	@scripts/install-system-packages node
	npm ci --no-audit --no-fund --silent
	@touch $@

check: $(VENV)/.development node_modules/.installed  ## Format, lint, types and import arrows, as pre-commit does
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	npm run --silent check

format: $(VENV)/.development  ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.development  ## Measure, beside the raw limit and peers in the same run
	$(BIN)/python -m benchmarks

docs: $(VENV)/.development  ## Build the documentation into site/; warnings are errors
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

notebooks: $(VENV)/.runtime  ## Execute the notebooks and renew their outputs
	$(BIN)/python notebooks/renew.py

lab: $(VENV)/.runtime  ## Open JupyterLab on this workspace
	$(BIN)/flowbook lab

app: $(VENV)/.development  ## Serve the studio as a page of its own (Voilà)
	$(BIN)/flowbook app

screenshots: $(VENV)/.development system  ## Renew the pictures of README and docs in a real JupyterLab
	$(BIN)/python -m pytest -q -p no:cacheprovider tests/browser/pictures.py

clean:  ## Remove what the other targets made
	rm -rf $(VENV) build dist site .pytest_cache .mypy_cache .ruff_cache .hypothesis
