# `make help` lists the targets. Everything is set up on the way: nothing to install by hand.
SHELL := /bin/sh
PYTHON ?= python3
PY := .venv/bin/python
BOARD ?= mps2_an386
export PLATFORMIO_CORE_DIR := $(CURDIR)/.pio/core
# the same bytes and warnings everywhere; TensorFlow's start-up chatter helps nobody
export TF_CPP_MIN_LOG_LEVEL := 2
export TF_ENABLE_ONEDNN_OPTS := 0
export CUDA_VISIBLE_DEVICES := -1
export OPENBLAS_NUM_THREADS := 1

C_SOURCES := $(shell find firmware/lib firmware/ports firmware/app -name '*.[ch]' 2>/dev/null)
EXT_SOURCES := $(shell find firmware/lib -name '*.[ch]' -o -name '*.def' 2>/dev/null) $(wildcard host/build_backend/*.py)

.PHONY: help setup demo test lint quick soak bench clean
.DELETE_ON_ERROR:

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

setup: .venv/.extension ## Install what is missing: Debian packages, .venv, the compiled extension

# Stamps are written last: a set-up that was killed is taken up again, a finished one does not run again.
.venv/.packages: requirements.txt host/scripts/system_packages.sh
	@PYTHON=$(PYTHON) sh host/scripts/system_packages.sh
	@test -x $(PY) || { rm -rf .venv && $(PYTHON) -m venv .venv; }
	@$(PY) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "aurora: Python 3.11 or later is needed; try: make PYTHON=python3.11 $(MAKECMDGOALS)" >&2; exit 30; }
	$(PY) -m pip install -q --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/.extension: .venv/.packages pyproject.toml $(EXT_SOURCES)
	$(PY) -m pip install -q --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@

demo: setup ## Recordings to predictions on an emulated board (DATA=FOLDER, BOARD=ID)
	$(PY) -m aurora demo --board $(BOARD) $(if $(DATA),--data "$(DATA)")

lint: setup ## Style and types: ruff, mypy --strict, clang-format
	$(PY) -m ruff check .
	$(PY) -m mypy
	@clang-format --dry-run -Werror $(C_SOURCES)

test: lint ## Everything that must hold before a change lands
	$(PY) -m pytest -q -n 2 --dist loadfile

quick: setup ## The tests that need no emulator
	$(PY) -m pytest -q -x -m 'not emulated and not soak'

soak: setup ## Long campaigns: fuzzing, many seeds
	$(PY) -m pytest -q -m soak

bench: setup ## Figures into build/bench: accuracy, drift, instructions
	$(PY) tests/bench/run.py

clean: ## Remove what was built, keep the set-up
	rm -rf build .pio
