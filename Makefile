# What one does with this checkout. Needs python3 >= 3.11, make and git; `make` alone lists the targets.

SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
LOCK := UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-annotate --no-emit-index-url --no-emit-find-links $(if $(UPGRADE),--upgrade) \
	pyproject.toml --output-file

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 10

.PHONY: setup
setup: .venv/.dev-installed ## Make .venv with everything for developing and testing

.PHONY: run
run: .venv/.run-installed ## Start Tactful with a Temporal and a PostgreSQL of its own; Ctrl-C stops everything
	@exec $(BIN)/python -m service.embedded

.PHONY: migrate
migrate: .venv/.run-installed ## Bring the database at TACTFUL_DATABASE_URL to this version's schema
	@exec $(BIN)/tactful migrate

.PHONY: test
test: .venv/.dev-installed ## Run all tests, on real servers (ARGS="-k welcome" for some)
	@exec $(BIN)/python -m pytest -n 3 --dist worksteal $(ARGS)

.PHONY: check
check: .venv/.dev-installed ## Lint, format, types, layers, dependencies, spelling
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/basedpyright
	$(BIN)/lint-imports
	$(BIN)/deptry .
	$(BIN)/codespell

.PHONY: bench
bench: .venv/.dev-installed ## Measure against the budgets of docs/benchmarks.md
	@exec $(BIN)/python -m benchmarks $(ARGS)

.PHONY: soak
soak: .venv/.dev-installed ## Thousands of contacts in a storm, then sets compared (ARGS="--seed 7", ARGS=--bites)
	@exec $(BIN)/python -m tests.soak $(ARGS)

.PHONY: lock
lock: .venv/.dev-installed ## Pin requirements/ anew after pyproject.toml changed (UPGRADE=1 also takes newer versions)
	$(LOCK) requirements/dev.txt --extra worker --extra embedded --group dev
	$(LOCK) requirements/run.txt --extra worker --extra embedded --group build --constraint requirements/dev.txt
	$(LOCK) requirements/app.txt --extra worker --group build --constraint requirements/dev.txt

.PHONY: clean
clean: ## Remove caches and build products; keeps .venv and the state under .tactful
	rm -rf build dist .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

# requirements/dev.txt holds all of run.txt in the same versions, so whoever has it needs no second installation.
.venv/.dev-installed: requirements/dev.txt requirements/install pyproject.toml
	@PYTHON=$(PYTHON) requirements/install dev
	@touch $@ .venv/.run-installed

.venv/.run-installed: requirements/run.txt requirements/install pyproject.toml
	@PYTHON=$(PYTHON) requirements/install run
	@touch $@
