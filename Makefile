# Chợ Phiên: two commands are enough, `make run` and `make test`; `make help` lists the rest.

SHELL := /bin/bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
HOST ?= 127.0.0.1
PORT ?= 8000
export HOST PORT
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$name" && break; done)
PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet

.PHONY: help run test lint bench demo fmt install install-dev frontend translations chromium clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: install frontend ## Start the market on http://HOST:PORT (127.0.0.1:8000), with demo data on the first start
	@$(BIN)/python -m app.check_config
	@exec $(BIN)/flask --app wsgi start

demo: install ## Load the demo cooperative into the database without starting the server
	@$(BIN)/python -m app.check_config --no-address
	@$(BIN)/flask --app wsgi prepare

test: install-dev frontend chromium ## Run every test, on SQLite always, on PostgreSQL and Redis where they answer
	@$(BIN)/python -m pytest -p tests.fallback_servers --timeout=300 $(TESTS)

lint: install-dev ## Check style, types and templates
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/djlint --lint --quiet templates

fmt: install-dev ## Write the code the way the formatter wants it
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: install-dev frontend ## Measure the speed promises (BENCH="--quick" for a short run)
	@for module in bench/[a-z]*.py; do \
		name=$$(basename $$module .py); \
		grep -q '__main__' $$module || continue; \
		echo "== bench.$$name"; $(BIN)/python -m bench.$$name $(BENCH) || exit 1; \
	done

install: $(VENV)/.installed
install-dev: $(VENV)/.installed-dev

frontend: install
	@$(BIN)/python -m app.frontend build

# A server compiles its translations when it starts; one that may not write its own folder has them compiled before.
translations: install
	@$(BIN)/python -c "from app.catalogue import compile_catalogues; compile_catalogues()"

$(BIN)/python:
	@[ -n "$(PYTHON)" ] || { echo "Chợ Phiên needs Python 3.11 or newer; install it with: apt-get install python3 python3-venv" >&2; exit 1; }
	@"$(PYTHON)" -m venv $(VENV) || { rm -rf $(VENV); \
		echo "Python's venv is missing; install it with: apt-get install python3-venv" >&2; exit 1; }

$(VENV)/.installed: requirements.txt | $(BIN)/python
	@echo "installing what Chợ Phiên runs on (once) ..."
	@$(PIP) -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt requirements.txt | $(BIN)/python
	@echo "installing what the tests need (once) ..."
	@$(PIP) -r requirements-dev.txt
	@touch $(VENV)/.installed $@

# The browser tests drive Debian's Chromium; without it they are skipped loudly, and this says what to install.
chromium:
	@for name in chromium chromium-browser google-chrome; do command -v $$name >/dev/null && exit 0; done; \
	as_root=""; [ "$$(id -u)" = 0 ] || as_root="sudo -n"; \
	if [ -z "$$as_root" ] || $$as_root true 2>/dev/null; then \
		echo "installing Chromium for the browser tests (once) ..."; \
		$$as_root apt-get update -qq </dev/null && \
		DEBIAN_FRONTEND=noninteractive $$as_root apt-get install -y -qq chromium </dev/null >/dev/null && exit 0; \
	fi; \
	echo "!!! NO CHROMIUM: the browser tests will be skipped. Install it with: apt-get install chromium" >&2

clean: ## Remove what was built (the database under var/ stays)
	@rm -rf static/dist node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@rm -f app/translations/*/LC_MESSAGES/messages.mo
