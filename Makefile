# Native Fax. Every target does its own set-up: `make run` and `make test` work on a fresh machine with Python and make.
PYTHON ?= python3
BIN := .venv/bin
SET_UP := $(PYTHON) -I deploy/local/setup.py
# The project's folder may have any letters in its name, whatever the locale says of files.
export PYTHONUTF8 := 1

.PHONY: help run demo test check bench chaos clean

help:  ## Show what can be done here
	@awk -F':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run:  ## Bring the whole pipeline up and say where to look
	@$(SET_UP) local
	@$(BIN)/nativefax up

demo:  ## Send real faxes through and check what arrived
	@$(SET_UP) local
	@$(BIN)/nativefax demo

test:  ## Run every test (at most 10 minutes)
	@$(SET_UP) dev debian
	@$(BIN)/pytest -m "not chaos" -n 3 --dist loadfile --no-loadscope-reorder

check:  ## Lint, types, import rules, generated files, the chart
	@$(SET_UP) dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m schemas.generate --check
	@$(BIN)/hadolint deploy/Dockerfile
	@$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec deploy/compose.yaml
	@$(BIN)/python -m deploy.checks

bench:  ## Measure, each figure beside its peer or floor, as lines of JSON
	@$(SET_UP) dev
	@$(BIN)/python -m tests.bench

chaos:  ## Long fault, fuzz and load tests
	@$(SET_UP) dev debian
	@$(BIN)/pytest -m chaos --timeout 3600

clean:  ## Remove .venv and .local, with every fax and mail in it
	rm -rf .venv .local
