# Every target sets up all that it needs; what is set up already costs no time.

SECONDS ?= 60
checks = --explicit-target-dependency-import-check error

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup demo serve test build bench report fuzz format lint docs clean

help:  ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1|/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "make %-8s %s\n", $$1, $$2 }'

setup:  ## fetch libtorch and what else is missing, once
	@recipes/bootstrap

demo: setup  ## build, then show what the program does
	@recipes/demo

serve: setup  ## build, then serve the small model on http://127.0.0.1:8080
	@swift build -c release --product mmada
	@.build/release/mmada serve

# One at a time: tensor work takes all threads of the pool, and tests of servers would wait behind it.
test: setup  ## run all tests, the comparisons with other implementations included
	@recipes/parquet >/dev/null || echo "make: no Parquet plug-in; its tests are skipped" >&2
	@recipes/browser >/dev/null || echo "make: no browser; the test of the page is skipped" >&2
	@peers=$$(recipes/peers) && MMADA_PEERS_PYTHON="$${MMADA_PEERS_PYTHON:-$$peers}" swift test --no-parallel $(checks)

build: setup  ## build the release program: .build/release/mmada
	@swift build -c release $(checks)

bench: setup  ## measure speed
	@benchmarks/run

report: setup  ## score the bundled model and write docs/report
	@swift build -c release --product mmada
	@recipes/shapes/score .build/release/mmada out/scores shapes Models/shapes all
	@.build/release/mmada evaluate report out/scores/* --output docs/report

fuzz: setup  ## feed broken files to the parsers for SECONDS=60 each
	@fuzz/run $(SECONDS)

format:  ## format Swift and C++ in place
	@recipes/format

lint: setup  ## check format, house rules and imports
	@recipes/lint

docs: setup  ## build the DocC pages into out/docs
	@recipes/docs

clean:  ## remove build products; the cache folder stays
	@rm -rf .build out
