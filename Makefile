# Two commands do everything: `make demo` and `make test`. Both make the environment first, and are quick the second time.
BIN := .venv/bin
HOUSE := $(addprefix $(CURDIR)/,polyseme/__init__.py polyseme/__main__.py polyseme/old_names.py polyseme/py.typed indexer search ui data)

.PHONY: demo test lint format resolve reference clean environment development

# The script returns at once where the environment is finished.
environment:
	@sh tools/make_venv.sh

development:
	@sh tools/make_venv.sh dev

demo: environment
	@$(BIN)/polyseme demo --collection build/sample.pol

lint: development
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@mkdir -p build/house/polyseme && ln -sfn $(HOUSE) build/house/polyseme/  # mypy reads the names that are installed
	$(BIN)/mypy
	$(BIN)/deno fmt --check --quiet
	$(BIN)/deno lint --quiet
	$(BIN)/deno check --quiet ui/page/static

test: lint
	$(BIN)/python -m pytest

format: development
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/deno fmt --quiet

# Resolve all requirements for each supported Python that is not the running one.
resolve: development
	$(BIN)/python tools/resolve.py

# Write docs/reference/cli.md from the help texts.
reference: development
	$(BIN)/python -m polyseme.ui.cli.reference

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
