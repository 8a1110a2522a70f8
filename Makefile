# Native Fax. Every target does its own set-up: `make run` and `make test` work on a fresh machine with Python and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help run demo test check bench chaos clean

help:  ## Show what can be done here
	@awk -F':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.local: requirements/local.txt pyproject.toml
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --require-hashes -r requirements/local.txt
	@$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.local
	@$(BIN)/pip install --quiet --require-hashes -r requirements/dev.txt
	@touch $@

run: $(VENV)/.local  ## Bring the whole pipeline up and say where to look
	@$(BIN)/nativefax up

demo: $(VENV)/.local  ## Send real faxes through and check what arrived
	@$(BIN)/nativefax demo

test: $(VENV)/.dev  ## Run every test (at most 10 minutes)
	@$(BIN)/pytest

check: $(VENV)/.dev  ## Lint, types, import rules, generated files
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

clean:  ## Remove what set-up and runs made
	rm -rf $(VENV) .local
