# SPDX-License-Identifier: Apache-2.0
# The doors of the house. Each sees to its own set-up and is a quick no-op where nothing is to do.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PACKAGES := librocksdb-dev libarchive-dev pkg-config
RUN_PACKAGES := bubblewrap slirp4netns|passt python3
TEST_PACKAGES := python3-venv procps nodejs awscli
BENCH_PACKAGES := nginx-light|nginx wrk util-linux

PYTHON := $(firstword $(wildcard /usr/bin/python3) python3)
VENV := .venv
FUNCTIONS_SDK := .build/functions-sdk
MARTLET := .build/release/martlet
SWIFT_EXAMPLE := Examples/swift-bootstrap

# SwiftPM evaluates every manifest anew when any variable differs from the last run, so builds see
# only these. Those of the network are passed on where they are set: a first fetch may need them.
SWIFT ?= swift
SWIFT_FOLDER := $(patsubst %/,%,$(dir $(shell command -v swift)))
NETWORK := HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy GIT_SSL_CAINFO
FIXED := env -i HOME="$(HOME)" LANG=C.UTF-8 \
	PATH="$(SWIFT_FOLDER):/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" \
	$(foreach name,$(NETWORK),$(if $($(name)),$(name)="$($(name))"))
BUILD := $(FIXED) $(SWIFT)
# Exclusivity is checked in every debug build and so by all unit tests; in a release, dependencies
# included, the checks are a tenth of a request's instructions.
OPTIMIZED := -c release --static-swift-stdlib -Xswiftc -enforce-exclusivity=unchecked
RELEASE := $(OPTIMIZED) --product martlet
SIMULATE := $(OPTIMIZED) --product simulate

SWIFT_FILES = $$(find Package.swift Sources Tests -path Sources/Generated -prune -o -name '*.swift' -print)
PYTHON_FILES = $$(find Benchmarks Contract Crash Examples -name '*.py')
SCRIPTS := $(wildcard scripts/*) .ci/run

.PHONY: help
help: ## Say what each door does
	@sed -n 's/^\([a-z]*\):.*## /make \1|/p' Makefile | column -t -s '|'

.PHONY: build
build: packages ## Build the release binary at .build/release/martlet
	@$(BUILD) build $(RELEASE)

.PHONY: run
run: build run-packages functions-sdk ## Start Martlet on this machine's data directory
	@MARTLET_FUNCTIONS_SDK="$(CURDIR)/$(FUNCTIONS_SDK)" $(MARTLET) serve $(FLAGS)

.PHONY: test
test: begin-steps packages run-packages test-packages functions-sdk venv swift-example ## Run all but the long tests
	@scripts/step build-tests $(BUILD) build --build-tests
	@scripts/step unit-tests $(BUILD) test --skip-build --disable-xctest
	@scripts/step build-release $(BUILD) build $(RELEASE)
	@scripts/step build-simulate $(BUILD) build $(SIMULATE)
	@scripts/step simulation scripts/simulate .build/release/simulate 1000 1 \
		.build/debug/simulate
	@scripts/step contract-tests env MARTLET_FUNCTIONS_SDK="$(CURDIR)/$(FUNCTIONS_SDK)" \
		PYTHONDONTWRITEBYTECODE=1 $(VENV)/bin/pytest Contract Crash $(PYTEST_FLAGS)
	@scripts/step crash-test env MARTLET_FUNCTIONS_SDK="$(CURDIR)/$(FUNCTIONS_SDK)" \
		PYTHONDONTWRITEBYTECODE=1 $(VENV)/bin/python Crash/crash.py --application \
		--seconds 90 --binary $(MARTLET)
	@scripts/closing-lines unit-tests simulation contract-tests crash-test

.PHONY: demo
demo: build run-packages functions-sdk venv ## Watch orders pass through a queue and a function
	@MARTLET_FUNCTIONS_SDK="$(CURDIR)/$(FUNCTIONS_SDK)" MARTLET_BINARY="$(CURDIR)/$(MARTLET)" \
		EXIT="$(EXIT)" $(VENV)/bin/python Examples/order-queue/demo.py

.PHONY: crash
crash: build run-packages functions-sdk venv ## Kill the server RUNS times under load and audit
	@MARTLET_FUNCTIONS_SDK="$(CURDIR)/$(FUNCTIONS_SDK)" $(VENV)/bin/python Crash/crash.py \
		--application --runs $(or $(RUNS),50) --binary $(MARTLET) $(CRASH_FLAGS)

.PHONY: simulate
simulate: packages ## Play SEEDS simulated histories with faults and crashes and check them; FIRST=
	@$(BUILD) build $(SIMULATE)
	@scripts/simulate .build/release/simulate $(or $(SEEDS),1000) $(or $(FIRST),1)

.PHONY: bench
bench: build run-packages functions-sdk ## Measure speed and memory beside nginx and a bare store; QUICK=1
	@scripts/install-packages $(foreach name,$(BENCH_PACKAGES),'$(name)')
	@$(BUILD) build $(OPTIMIZED) --product BareDurable
	@PYTHONDONTWRITEBYTECODE=1 $(PYTHON) Benchmarks/bench.py --martlet $(MARTLET) \
		--bare .build/release/BareDurable --json .build/bench.json \
		--functions-sdk "$(CURDIR)/$(FUNCTIONS_SDK)" $(if $(QUICK),--quick) $(BENCH_FLAGS)

.PHONY: generate
generate: swift-toolchain venv ## Generate the wire types from the pinned service models
	@$(BUILD) run ModelGenerator "$$($(VENV)/bin/python -c \
		'import botocore, os; print(os.path.join(os.path.dirname(botocore.__file__), "data"))')" .

.PHONY: coverage
coverage: build venv ## Write the coverage tables from what the server says
	@PYTHONDONTWRITEBYTECODE=1 $(VENV)/bin/python Contract/coverage_table.py

.PHONY: lint
lint: swift-toolchain test-packages venv ## Check format and syntax
	@$(BUILD) format lint --strict --parallel $(SWIFT_FILES)
	@PYTHONDONTWRITEBYTECODE=1 $(VENV)/bin/python -m pyflakes $(PYTHON_FILES)
	@for script in $(SCRIPTS); do bash -n $$script; done
	@echo "lint: clean"

.PHONY: format
format: swift-toolchain ## Put all Swift files into the house's format
	@$(BUILD) format --in-place --parallel $(SWIFT_FILES)

.PHONY: clean
clean: ## Remove what was built and installed into this folder
	@rm -rf .build $(VENV)

# Set-up

.PHONY: swift-toolchain
swift-toolchain:
	@command -v swift >/dev/null \
		|| { echo "No swift on the PATH: install a Swift 6.3 toolchain from swift.org" >&2; exit 1; }

.PHONY: packages
packages: swift-toolchain
	@scripts/install-packages $(PACKAGES)

.PHONY: run-packages
run-packages:
	@scripts/install-packages $(foreach name,$(RUN_PACKAGES),'$(name)')

.PHONY: test-packages
test-packages:
	@scripts/install-packages $(TEST_PACKAGES)

.PHONY: begin-steps
begin-steps:
	@rm -rf .build/steps && mkdir -p .build/steps && touch .build/steps/seconds

.PHONY: venv functions-sdk
venv: $(VENV)/installed
functions-sdk: $(FUNCTIONS_SDK)/installed

$(VENV)/installed: Contract/requirements.txt | test-packages
	@echo "Installing Python packages of $< into $(VENV)"
	@rm -rf $(VENV) && $(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

# The function in Swift that the runtime's tests run.
.PHONY: swift-example
swift-example: $(SWIFT_EXAMPLE)/.build/release/bootstrap

$(SWIFT_EXAMPLE)/.build/release/bootstrap: $(shell find Examples/swift-bootstrap/Package.swift \
		Examples/swift-bootstrap/Sources -type f) | swift-toolchain
	@echo "Building $(SWIFT_EXAMPLE)"
	@$(BUILD) build -c release --static-swift-stdlib --package-path $(SWIFT_EXAMPLE)
	@touch $@

# A plain folder for a function's import path, so that one read-only mount shows it to a sandbox.
$(FUNCTIONS_SDK)/installed: Contract/functions-requirements.txt $(VENV)/installed
	@echo "Installing Python packages of $< into $(FUNCTIONS_SDK)"
	@rm -rf $(FUNCTIONS_SDK)
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check --requirement $< \
		--target $(FUNCTIONS_SDK)
	@touch $@
