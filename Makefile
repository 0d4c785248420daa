# Two commands do everything: `make demo` and `make test`. Both make the environment first, and are quick the second time.
BIN := .venv/bin
HOUSE := $(addprefix $(CURDIR)/,polyseme/__init__.py polyseme/__main__.py polyseme/old_names.py polyseme/py.typed indexer search ui data)

# Amounts of `make faults`: kills, failing calls for each command or `all`, damages, seconds of reading, fuzz inputs.
KILLS := 500
CALLS := all
DAMAGES := 250
SECONDS := 3600
FUZZ := 5000

.PHONY: demo test faults audit lint format resolve reference catalogues clean environment development

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

# One worker process for each processor. A file's tests share their fixtures, so they stay in one worker.
test: lint
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile

# Run the fault suite and all fuzz tests in their long form. `make faults CALLS=200 SECONDS=600` takes less time.
faults: development
	POLYSEME_KILLS=$(KILLS) POLYSEME_CALLS=$(CALLS) POLYSEME_DAMAGES=$(DAMAGES) POLYSEME_SECONDS=$(SECONDS) \
	POLYSEME_FUZZ=$(FUZZ) $(BIN)/python -m pytest tests/faults $$(grep -rl POLYSEME_FUZZ tests --include=test_*.py)

format: development
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/deno fmt --quiet

# Resolve all requirements for each supported Python that is not the running one.
resolve: development
	$(BIN)/python tools/resolve.py

# Look up known vulnerabilities of the installed packages. Passes with a note where the list cannot be reached.
audit: development
	$(BIN)/python tools/audit.py

# Write docs/reference/cli.md from the help texts.
reference: development
	$(BIN)/python -m polyseme.ui.cli.reference

# Add new texts of the page to the catalogues of its languages, and drop unused ones.
catalogues: development
	$(BIN)/python tools/catalogues.py

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
