# Centrala: one command a job. Everything is repeatable; what is done already is not done again.
#
#   make run            set up, start the demo company, show twenty real calls, go on serving   (ONCE=1: exit after the table)
#   make test           set up and run every test, SIPp scenarios included
#   make shop           the sample shop at 127.0.0.1:8090 with the snippet of PBX=http://127.0.0.1:8080 KEY=pk_...
#   make check          linters, types, import layers, cimport ranks, Cython performance hints
#   make bench          figures beside the field's, half an hour; bench-quick in some minutes
#   make bench-scale    1,000 two-way calls on two processors for ten minutes
#   make bench-peak     the peak hour of an agency by SIPp, ten times as fast, beside Erlang A (21 minutes)
#   make bench-plots    plots of build/bench.json into bench/
#   make soak           real calls with recording for two hours (MINUTES=120)
#   make test-asan      the core's tests under AddressSanitizer, a short run of the fuzzers among them
#   make test-tsan      what threads share, under ThreadSanitizer: rings, media threads, rooms, moves
#   make fuzz           mutated packets, messages and frames under AddressSanitizer: COUNT=2000000 in all, SEED=1
#   make fuzz-figures   reports of WORLDS=300 random worlds against figures computed from the raw events
#   make fuzz-api       every operation of the HTTP API asked EACH=100 things that schemathesis makes up
#   make setup          only what is needed to do the above
#
# PYTHON=python3.12 chooses an interpreter (3.11 or newer).

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
PY := $(VENV)/bin/python
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
PYTEST_ARGS ?= -n 4
SIP_ARGS ?= -j 5
export CENTRALA_TEST_EXTENSIONS := 1
export PYTHON

.PHONY: help setup setup-tests build run test shop check bench bench-quick bench-scale bench-peak bench-plots soak test-asan test-tsan fuzz fuzz-figures fuzz-api clean

help:
	@sed -n 's/^#   \(make.*\)/\1/p' Makefile

setup:
	@scripts/setup.sh

setup-tests:
	@scripts/setup.sh tests

build: setup

run: setup
	@exec $(VENV)/bin/centrala demo $(if $(filter-out 0,$(ONCE)),--once)

test: setup-tests
	$(PY) -m pytest $(PYTEST_ARGS) || $(PY) scripts/once_alone.py $$?
	$(PY) sip-tests/run.py $(SIP_ARGS)

PBX ?= http://127.0.0.1:8080
KEY ?= pk_shop12345678

shop: setup
	$(PY) widget/example/serve.py --pbx $(PBX) --key $(KEY)

check: setup
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy pbx
	$(VENV)/bin/lint-imports
	$(PY) scripts/cimport_ranks.py
	$(PY) scripts/performance_hints.py

bench: setup
	$(PY) -m bench.run

bench-quick: setup
	$(PY) -m bench.run --quick

bench-scale: setup
	$(PY) -m bench.run --only thousand

bench-peak: setup
	$(PY) -m bench.load.peak

bench-plots: setup
	$(PY) -m bench.plots

MINUTES ?= 120

soak: setup
	$(PY) -m bench.load.soak --minutes $(MINUTES)

test-asan: setup
	scripts/test_asan.sh

test-tsan: setup
	scripts/test_asan.sh --tsan

EACH ?= 100

fuzz-api: setup
	FUZZ_API=$(EACH) $(PY) -m pytest tests/pbx/api/rest/test_description.py

WORLDS ?= 300

fuzz-figures: setup
	CENTRALA_FIGURES=$(WORLDS) $(PY) -m pytest $(PYTEST_ARGS) tests/pbx/reporting/test_oracle.py

COUNT ?= 2000000
SEED ?= 1
FUZZED := tests/core/test_fuzz.py tests/pbx/stun/test_fuzz.py tests/pbx/sip/test_fuzz.py tests/pbx/api/test_websocket_fuzz.py

# Seven targets of the core, STUN, WebSocket frames, and SIP messages (scanner, TCP framing, digest, SDP at once): a tenth each.
fuzz: setup
	CENTRALA_FUZZ_COUNT=$$(($(COUNT) / 10)) CENTRALA_FUZZ=$$(($(COUNT) / 10)) CENTRALA_FUZZ_SEED=$(SEED) \
	    scripts/test_asan.sh -q --timeout 14400 --durations 0 $(FUZZED)

clean:
	rm -rf build $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache var *.egg-info
	find core pbx tests bench -name '*.so' -delete
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
