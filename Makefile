# Countersign: what can be done with this checkout.
#
#   make deps     install the Debian packages that are missing (never starts a service)
#   make build    build the release program: .build/release/countersign
#   make run      start the sample auth service and Countersign in front of it; Ctrl-C stops both
#   make test     build everything and run every test: units, tidiness, journeys with real processes
#   make check    the long way: formatting, every careless cache in every place, tests under the
#                 thread and address sanitizers, fuzzing
#   make fuzz     every parser under libFuzzer for FUZZ_SECONDS (30) each
#   make bench    measure beside nginx, HAProxy, Varnish and two floors in C; see Benchmarks/RESULTS.md
#   make format   lay the source out as .swift-format says
#   make docs     write the reference pages that are generated from the program
#   make clean    remove what was built, and what make run wrote

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help deps deps-bench build examples run test lint check fuzz bench format docs clean

SWIFT_FILES := Package.swift Sources Tests Fuzzers/Run Fuzzers/Targets Benchmarks Examples/Package.swift Examples/Sources

help:
	@sed -n 's/^#   //p' Makefile

deps:
	@scripts/install-packages libssl-dev libnghttp2-dev libsqlite3-dev curl nginx

deps-bench: deps
	@scripts/install-packages wrk gcc libc6-dev python3 haproxy varnish openssl

# The runtime inside, and no exclusivity checks at run time: docs/decisions/0011.
RELEASE := --configuration release --static-swift-stdlib -Xswiftc -enforce-exclusivity=unchecked

build: deps
	swift build $(RELEASE) --product countersign

examples: deps
	swift build --package-path Examples --product sample-auth

run: build examples
	@scripts/run

# The test runner's own summary must stay the last thing printed.
test: deps lint examples
	swift build --build-tests
	swift test --skip-build --disable-xctest

lint:
	swift format lint --strict --recursive --parallel $(SWIFT_FILES)

check: deps lint examples
	CARELESS_MATRIX=all swift test --disable-xctest --filter CarelessMatrixTests
	FUZZ_ROUNDS=$${FUZZ_ROUNDS:-20} scripts/check-threads
	ASAN_OPTIONS="detect_leaks=0 $${ASAN_OPTIONS:-}" FUZZ_ROUNDS=$${FUZZ_ROUNDS:-20} \
	  swift test --disable-xctest --sanitize address --scratch-path .build/address
	FUZZ_SECONDS=$${FUZZ_SECONDS:-60} scripts/fuzz

fuzz: deps
	@scripts/fuzz

bench: deps-bench build
	@Benchmarks/run

format:
	swift format --in-place --recursive --parallel $(SWIFT_FILES)

docs: build
	@scripts/write-docs

clean:
	rm -rf .build Examples/.build run
