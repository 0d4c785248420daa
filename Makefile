# Two commands do everything: `make demo` and `make test`. Each makes its own environment, and is quick the second time.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
HOUSE := $(addprefix $(CURDIR)/,polyseme/__init__.py polyseme/__main__.py polyseme/old_names.py polyseme/py.typed indexer search ui data)

.PHONY: demo test lint format clean

.venv/complete: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

demo: .venv/complete
	$(BIN)/polyseme demo --collection build/demo.pol

lint: .venv/complete
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@mkdir -p build/house/polyseme && ln -sfn $(HOUSE) build/house/polyseme/  # mypy reads the names that are installed
	$(BIN)/mypy
	$(BIN)/deno fmt --check --quiet
	$(BIN)/deno lint --quiet
	$(BIN)/deno check --quiet ui/page/static

test: lint
	$(BIN)/python -m pytest

format: .venv/complete
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/deno fmt --quiet

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

.PHONY: reference
reference:  # docs/reference/cli.md, from the help texts
	$(BIN)/python -m polyseme.ui.cli.reference
