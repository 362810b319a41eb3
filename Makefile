# Everything a person does here, by name. `make` alone lists the targets.

SHELL := /bin/bash -euo pipefail

export CGO_ENABLED ?= 0

# -race watches everything but SQLite itself: translated from C, it would take two thirds of the suite's time and is not ours.
UNWATCHED := modernc.org/...=-race=false

# The tests of package bridge that `make test` runs in a smaller size.
STORMS := Thousand|Hundreds|ShuffledEdits|ABurst|NothingIsEverHalf|TwoInstances

.PHONY: help run test check generate setup bench bench-postgres chaos fuzz screenshots build

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

run: ## start the service with both sandbox partners and sample people; prints one address to open
	go run ./cmd/addtomojo sandbox

build: ## build the program into ./addtomojo
	go build -trimpath -ldflags='-s -w' -o addtomojo ./cmd/addtomojo

test: setup check ## install what the tests need, then run every check and every test, on both databases and in the browser
	CGO_ENABLED=1 go run ./store/storetest/pg -- go test -race -gcflags=$(UNWATCHED) -shuffle=on -timeout=20m ./...

check: ## format, vet, staticcheck, generated code, alerts, modules
	tools/check.sh

generate: ## generate templ pages and SQL code anew
	go tool templ generate
	go tool -modfile=tools/go.mod sqlc generate -f store/sqlc.yaml
	go tool -modfile=tools/go.mod sqlc compile -f store/sqlc-postgres.yaml

setup: ## install Chromium, PostgreSQL, promtool and a C compiler (for -race) from Debian's packages where they are missing
	tools/setup.sh

bench: ## measure the product against bare limits in the same run (BENCH="-run NAME -json FILE")
	go run ./cmd/bench $(BENCH)

bench-postgres: ## measure the rows about hooks on a PostgreSQL that waits for its disk
	go run ./store/storetest/pg -durable -- go run ./cmd/bench -run '^hook' $(BENCH)

chaos: ## kill -9 at random points of pushes, 20 rounds and 20 restarts on each database, and the storms of package bridge in full size
	CHAOS_ROUNDS=20 go run ./store/storetest/pg -- go test -count=1 -timeout=30m -run 'TestKill|TestRolling' -v ./cmd/addtomojo
	CHAOS=1 go run ./store/storetest/pg -- go test -count=1 -timeout=30m -run '$(STORMS)' -v ./bridge

fuzz: ## fuzz the decoders and the rules that read people's text, a minute each
	tools/fuzz.sh

screenshots: ## take the screenshots of the README and of docs/support.md anew
	SCREENSHOTS=$(CURDIR)/docs CGO_ENABLED=0 go test -count=1 -run 'TestScreenshots|TestTenFaultsOnOneScreen' ./cmd/addtomojo
