# make demo    see it explain why a network does not learn
# make test    everything that has to hold before a change goes in
# make lint    the quick part of it
# make bench   measure speed on this machine
# make docs    build the site: the pages of docs/, and every question of the book with its measured answer
#
# Needs Python 3.11 or newer with venv, and a C compiler (without one it works, more slowly).
# `make PYTHON=python3.12 test` picks another Python.
# `make docs` asks in full, which takes long the first time; QUICK=1 asks on the quick setting, ONLY=xor,taylor only these. Answers are kept in build/.

PYTHON ?= python3
WORKERS ?= 2
BIN := .venv/bin

.PHONY: demo test lint bench docs clean
.DEFAULT_GOAL := demo

demo: .venv/.installed
	$(BIN)/whynet why

test: lint
	$(BIN)/pytest -n $(WORKERS)

lint: .venv/.installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

bench: .venv/.installed-dev
	@for file in benchmarks/*.py; do echo "== $$file"; $(BIN)/python "$$file" || exit 1; done

docs: .venv/.installed-docs
	$(BIN)/python -m docs.book $(if $(QUICK),--quick) $(if $(ONLY),--only '$(ONLY)')

clean:
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- the environment: made once, made again only when what it holds has changed --------------------------------------

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo >&2 "whynet needs Python 3.11 or newer. Received: $$($(PYTHON) --version 2>&1). Name one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv .venv || { echo >&2 "No virtual environment could be made. On Debian or Ubuntu: sudo apt install python3-venv"; exit 1; }

.venv/.installed: pyproject.toml constraints.txt | $(BIN)/pip
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

.venv/.installed-dev: pyproject.toml constraints.txt | $(BIN)/pip
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@ .venv/.installed

.venv/.installed-docs: pyproject.toml constraints.txt | $(BIN)/pip
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[docs]'
	@touch $@ .venv/.installed
