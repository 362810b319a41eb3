#!/usr/bin/env bash
# Fuzzes every fuzz target of the project, FUZZTIME (default a minute) each.
set -euo pipefail
cd "$(dirname "$0")/.."
export CGO_ENABLED=0

grep -rlE '^func Fuzz' --include='*_test.go' . | xargs -n1 dirname | sort -u | while read -r folder; do
	go test -list '^Fuzz' "$folder" | grep '^Fuzz' | while read -r target; do
		echo "== $folder $target"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-1m}" "$folder"
	done
done
