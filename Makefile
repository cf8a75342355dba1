# ResiliNet companion: everything a reader, reviewer or developer runs. Needs Python 3.11+, make and git.

VENV ?= .venv
# One more chapter at once than two cores, as each waits now and then for its kernel.
JOBS ?= 3
PORT ?= 8000
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

# The first of these that runs and is new enough makes the environment; make PYTHON=... overrides.
PYTHON ?= $(shell unset PYTHONHOME PYTHONPATH; for p in python3 python3.13 python3.12 python3.11 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$p"; exit; }; done)

# What a user has set for other programs would lead Python and pip elsewhere; nor is anything imported because it
# lies in this folder.
unexport PYTHONHOME PYTHONPATH PYTHONSTARTUP PIP_TARGET PIP_PREFIX PIP_ROOT PIP_NO_DEPS PIP_CONSTRAINT \
	PIP_REQUIRE_HASHES PIP_DRY_RUN
export PYTHONSAFEPATH := 1

# pip reads its settings from the environment: with PIP_EXTRA_INDEX_URL set to PyTorch's index of CPU
# builds it takes the CPU build of the pinned version, which is far smaller than the CUDA build.
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --no-user

.DEFAULT_GOAL := help
.PHONY: help env book smoke full serve assignments test test-fast lint format lock clean distclean

help:  ## list the targets
	@echo "Usage: make TARGET"
	@grep -hE '^[a-z-]+:.*  ## ' $(MAKEFILE_LIST) \
		| awk -F ':.*  ## ' '{ printf "  %-12s %s\n", $$1, $$2 }'

env: $(STAMP)  ## create the environment in .venv, or bring it up to date with requirements.lock

# torch first, with its own dependencies: which libraries it needs depends on the build that pip found.
# All else comes without dependencies, as the lock names them already and torch must not be exchanged.
$(STAMP): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "make: no Python 3.11 or newer found; install one, or name it with PYTHON=..." >&2; exit 1; }
	@test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV) || { rm -rf $(VENV); \
		echo "make: $(PYTHON) cannot create environments; on Debian and Ubuntu install the package python3-venv" >&2; exit 1; }
	@echo "Installing the locked environment into $(VENV) (some minutes the first time)"
	@$(PIP) -c requirements.lock torch
	@$(PIP) --no-deps -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

book: env  ## run all chapters on the committed results and build the book
	@$(BIN)/resilinet book --profile published --jobs $(JOBS)

smoke: env  ## train every trial of every chapter, tiny and on synthetic data, and build that book
	@$(BIN)/resilinet book --profile smoke --jobs $(JOBS)

full: env  ## train what is missing in results/ at the paper's size, then build the book (weeks on a processor; resumable)
	@$(BIN)/resilinet book --profile full

serve: book  ## build the book and serve it on this machine (PORT=8000)
	@echo "The book is at http://localhost:$(PORT); Ctrl-C ends"
	@$(BIN)/python -m http.server --bind localhost --directory build/published/html $(PORT)

assignments: env  ## write the exercises as notebooks without solutions, and what grades them
	@$(BIN)/python -m companion.teaching

test: env  ## run the tests on all cores, all chapters under smoke included
	@$(BIN)/python -m pytest -n auto --dist loadfile

test-fast: env  ## run the tests of the method alone
	@$(BIN)/python -m pytest -n auto --dist loadfile tests/resilinet

lint: env  ## check style, formatting, and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: env  ## format the code and mend what the linter can
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

lock: env  ## resolve pyproject.toml anew into requirements.lock (needs the package uv)
	@$(BIN)/python -c 'import uv' 2>/dev/null || $(PIP) uv
	@$(BIN)/python tools/lock.py

clean:  ## remove what was built, and caches; keep the environment, results/ and runs/
	rm -rf build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find src tests data_prep book -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

distclean: clean  ## remove the environment as well
	rm -rf $(VENV)
