# Every target sets up what it needs. `make test` works on a fresh Debian machine with Python.
# What is installed is what locks/ names; `make lock` renews that.
SHELL := /bin/bash
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PYTEST ?= -n 2 --dist loadfile
.DEFAULT_GOAL := help
export PYTHON
# As containers often set it: every process here would compile anew all that it imports, and most do little else.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup lock demo test test-latest test-lowest test-places check format bench interop oracle lab app notebooks screenshots docs distributions clean

help:  ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

$(VENV)/.runtime: locks/notebooks.txt pyproject.toml scripts/environment
	scripts/environment $(VENV) notebooks
	@touch $@

$(VENV)/.development: locks/notebooks.txt locks/development.txt pyproject.toml scripts/environment
	scripts/environment $(VENV) notebooks development
	@touch $@ $(VENV)/.runtime

setup: $(VENV)/.development  ## Make the virtual environment with all development tools
	@$(BIN)/python -m flowbook --version

lock: $(VENV)/.development  ## Renew the exact versions in locks/ that everything here is installed in (KEEP=1: as few as can be)
	UV=$(BIN)/uv scripts/lock $(if $(KEEP),--keep)

demo: $(VENV)/.runtime  ## Execute the quickstart notebook on real data and say what it did
	$(BIN)/python notebooks/demo.py

test: $(VENV)/.development system azurite node_modules/.installed  ## Run every test
	node --test tests/js/*.test.mjs
	$(BIN)/python -m pytest $(PYTEST)

test-latest: $(VENV)/.development system azurite node_modules/.installed  ## Run every test with the newest versions there are, in an environment of its own
	UV=$(BIN)/uv scripts/test-versions latest $(PYTEST)

test-lowest: $(VENV)/.development system azurite node_modules/.installed  ## Run every test with the lowest versions that pyproject.toml allows, likewise
	UV=$(BIN)/uv scripts/test-versions lowest $(PYTEST)

test-places: $(VENV)/.development system  ## Try the studio in the oldest and the newest JupyterLab 4, Notebook 7 and Voilà, likewise
	UV=$(BIN)/uv scripts/test-places

.PHONY: system
system:
	@scripts/install-system-packages

AZURITE := tests/integrations/azurite
.PHONY: azurite
azurite: $(AZURITE)/node_modules/.installed  ## Install the Azure Storage server that tests run against

$(AZURITE)/node_modules/.installed: $(AZURITE)/package.json $(AZURITE)/package-lock.json
	@scripts/install-system-packages node
	npm ci --prefix $(AZURITE) --no-audit --no-fund --silent
	@touch $@

node_modules/.installed: package.json package-lock.json
	@scripts/install-system-packages node
	npm ci --no-audit --no-fund --silent
	@touch $@

check: $(VENV)/.development node_modules/.installed  ## Format, lint, types and import arrows, as pre-commit does
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python docs/generate.py --check
	npm run --silent check

format: $(VENV)/.development  ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

torture: $(VENV)/.development  ## Attack it in full numbers (hours; SCALE=0.1 for a tenth): expressions, secrets, store, kills, disk, workers
	$(BIN)/python -m torture --scale $(or $(SCALE),1)
	FLOWBOOK_TEST_CROSSES=all $(BIN)/python -m pytest -q $$(grep -rlE "^from tests.crosses import" --include="*.py" tests)

bench: $(VENV)/.development  ## Measure, beside the raw limit and peers in the same run
	$(BIN)/python -m benchmarks

interop: $(VENV)/.development  ## Count what goes out and comes in again: Python, n8n, curl, API descriptions, MCP, broken files (ONLY=python for one subject)
	$(BIN)/python -m interop $(ONLY)

ORACLE := build/oracle
oracle: $(VENV)/.development node_modules/.installed  ## Have n8n's own packages (560 MB, from npm) answer what interop compares with
	mkdir -p $(ORACLE) && cp interop/n8n_oracle/package.json $(ORACLE)/
	cd $(ORACLE) && npm install --ignore-scripts --omit=optional --omit=peer --silent
	$(BIN)/python -m interop.n8n_nodes > $(ORACLE)/cases.json
	cd $(ORACLE) && node $(CURDIR)/interop/n8n_oracle/run.cjs cases.json $(CURDIR)/interop/n8n_oracle/nodes.json
	cd $(ORACLE) && node $(CURDIR)/interop/n8n_oracle/ask.mjs $(CURDIR)/interop/n8n_oracle > answers.json
	mv $(ORACLE)/answers.json interop/n8n_oracle/answers.json

docs: $(VENV)/.development  ## Build the documentation into site/; warnings are errors
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

distributions: $(VENV)/.development  ## Build into dist/ what an index gets: the core, and the studio that stands on it
	$(BIN)/python scripts/distributions dist

notebooks: $(VENV)/.runtime  ## Execute the notebooks and renew their outputs
	$(BIN)/python notebooks/renew.py

lab: $(VENV)/.runtime  ## Open JupyterLab on this workspace
	$(BIN)/flowbook lab

app: $(VENV)/.development  ## Serve the studio as a page of its own (Voilà)
	$(BIN)/flowbook app

screenshots: $(VENV)/.development system  ## Renew the pictures of README and docs in a real JupyterLab
	$(BIN)/python -m pytest -q -p no:cacheprovider tests/browser/pictures.py

clean:  ## Remove what the other targets made
	rm -rf $(VENV) .venv-latest .venv-lowest .venv-places build dist site .pytest_cache .mypy_cache .ruff_cache .hypothesis
