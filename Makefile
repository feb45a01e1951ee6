# Each target sets itself up: a virtual environment in .venv with what requirements.txt names.
# Pass options on with ARGS, for example: make demo ARGS="--port 9000 --reset"

PYTHON ?= $(firstword $(foreach name,python3 python3.13 python3.12 python3.11,$(shell \
	command -v $(name) >/dev/null 2>&1 && $(name) -c \
	'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(name))))
BIN := .venv/bin
READY := .venv/.ready
SOURCES := wrencos_core cli plugins tests benchmarks
PACKAGES := wrencos_core cli/wrencos_cli $(wildcard plugins/*/wrencos_*)

.DEFAULT_GOAL := help
.PHONY: help demo test check format bench bench-search bench-drop docs wheels clean

help: ## Show the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): requirements.txt constraints.txt pyproject.toml $(wildcard plugins/*/pyproject.toml)
	@test -n "$(PYTHON)" || { echo "Wrencos needs Python 3.11 or newer on the PATH." >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing into .venv; the first time this takes about a minute."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

demo: $(READY) ## Run a seeded shop on 127.0.0.1 until Ctrl-C
	@exec $(BIN)/wrencos demo $(ARGS)

test: $(READY) ## Run all tests, in parallel and in random order
	@$(BIN)/python -m pytest -n auto $(ARGS)

check: $(READY) ## Format, lint, types, import contracts, generated docs
	@$(BIN)/ruff format --check $(SOURCES)
	@$(BIN)/ruff check $(SOURCES)
	@$(BIN)/mypy $(PACKAGES)
	@$(BIN)/lint-imports
	@$(BIN)/wrencos settings markdown | diff docs/settings.md - \
		|| { echo "docs/settings.md is out of date: run make docs" >&2; exit 1; }

format: $(READY) ## Format and mend what ruff can
	@$(BIN)/ruff format $(SOURCES)
	@$(BIN)/ruff check --fix $(SOURCES)

bench: $(READY) ## Measure the production server
	@$(BIN)/python -m benchmarks $(ARGS)

bench-search: $(READY) ## Measure the search, and how good its answers are
	@$(BIN)/python -m benchmarks.search $(ARGS)

bench-drop: $(READY) ## Measure many buyers of one product
	@$(BIN)/python -m benchmarks.drop $(ARGS)

docs: $(READY) ## Write the generated documentation anew
	@$(BIN)/wrencos settings markdown > docs/settings.md

wheels: $(READY) ## Build the distributions into dist/
	@rm -rf dist
	@for folder in . $(wildcard plugins/*); do \
		$(BIN)/python -m build --quiet --wheel --outdir dist $$folder || exit 1; done
	@ls dist

clean: ## Remove the environment and caches (not your data)
	@rm -rf .venv dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
