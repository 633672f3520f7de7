# Two commands matter: `make run` and `make test`. Everything else is listed by `make help`.
PYTHON ?=
PORT ?= 8000
XIANSHEN_DATA ?= $(CURDIR)/var
JOBS ?= 2
ARGS ?=
PY := .venv/bin/python
# Checks must not touch an installation's data.
SCRATCH := $(CURDIR)/build/check
DJANGO := DATABASE_URL= XIANSHEN_DATA=$(SCRATCH) $(PY) -m xianshen
PYTEST := $(PY) -m pytest -n $(JOBS) --dist worksteal
export PYTHON PORT XIANSHEN_DATA
# What Python has compiled is kept out of the sources, also where the environment forbids to keep it beside them:
# a test run starts many processes, and each would spend seconds on compiling everything again.
unexport PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX := $(CURDIR)/build/pycache

.DEFAULT_GOAL := help
.PHONY: help run test test-sqlite test-postgres check format-check lint types imports migrations translations \
	articles files format messages map lock bench clean environment development browser

help: ## list the commands
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "  Variables: PORT=$(PORT) XIANSHEN_DATA=$(XIANSHEN_DATA) PYTHON=python3.12 JOBS=$(JOBS) ARGS='-k name -x'"

run: environment ## start the demonstration on 127.0.0.1:PORT (Ctrl-C stops it)
	@exec $(PY) -m xianshen serve --demo

test: test-sqlite test-postgres ## run every test on SQLite, and all that a database can change on PostgreSQL

test-sqlite: development browser ## run every test on SQLite
	env -u DATABASE_URL -u XIANSHEN_DATA $(PYTEST) $(ARGS)

test-postgres: development browser ## run the tests that meet a database on PostgreSQL (a throw-away one, or DATABASE_URL)
	env -u XIANSHEN_DATA $(PY) scripts/with_postgres.py -- $(PYTEST) -m "not no_database and not appearance" $(ARGS)

check: format-check lint types imports migrations translations articles files ## run every check that is no test

format-check: development
	$(PY) -m ruff format --check

lint: development
	$(PY) -m ruff check

types: development
	XIANSHEN_DATA=$(SCRATCH) $(PY) -m mypy

imports: development
	.venv/bin/lint-imports --no-logo

migrations: development
	$(DJANGO) manage makemigrations --check --dry-run

translations: development
	$(PY) scripts/messages.py check

articles: development
	$(DJANGO) policy check policies/shcc
	$(DJANGO) policy map policies/shcc
	$(PY) scripts/lifecycles.py --check

files: development
	$(PY) scripts/check_files.py

format: development ## format the code and mend what the linter can mend
	$(PY) -m ruff check --fix
	$(PY) -m ruff format

lifecycles: development ## draw the declared lifecycles into docs/lifecycles.md
	$(PY) scripts/lifecycles.py

messages: development ## bring the English catalogue up to the source, and compile it
	$(PY) scripts/messages.py update
	$(PY) scripts/messages.py compile

map: development ## write the article map anew from policy, code and tests
	$(DJANGO) policy map policies/shcc --write

lock: ## lock the newest versions that requirements/*.in allow (needs uv and the network)
	for name in base dev; do uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url requirements/$$name.in -o requirements/$$name.txt || exit 1; done

bench: development ## measure, on SQLite and PostgreSQL
	$(PY) -m bench $(ARGS)

clean: ## remove the environment and everything built; the data in XIANSHEN_DATA stay
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache tests/.shots
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

environment:
	@sh scripts/environment.sh base

development:
	@sh scripts/environment.sh dev

browser: development
	@$(PY) scripts/browser.py --install
