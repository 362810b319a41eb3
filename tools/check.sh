#!/usr/bin/env bash
# The checks that need no database and no browser, though what tools/setup.sh installs. Each prints its name; the first that fails ends it.
set -euo pipefail
cd "$(dirname "$0")/.."
export CGO_ENABLED=0

step() { printf '== %s\n' "$*"; }

step gofmt
unformatted=$(git ls-files -co --exclude-standard '*.go' | xargs gofmt -l)
[ -z "$unformatted" ] || { echo "gofmt would change:"; echo "$unformatted"; exit 1; }

step 'templ: generated pages are up to date'
go tool templ generate -check -log-level warn

step 'sqlc: generated queries are up to date, and valid for PostgreSQL too'
go tool -modfile=tools/go.mod sqlc diff -f store/sqlc.yaml
go tool -modfile=tools/go.mod sqlc compile -f store/sqlc-postgres.yaml

step 'promtool: the alerts fire when they should, and only then'
command -v promtool >/dev/null || { echo "promtool is missing: make setup"; exit 1; }
promtool check rules docs/alerts.yml
promtool test rules tools/alerts_test.yml

step 'go vet'
go vet ./...

step staticcheck
go tool -modfile=tools/go.mod staticcheck ./...

step 'modules are tidy and unchanged'
go mod tidy -diff
go -C tools mod tidy -diff
go mod verify
