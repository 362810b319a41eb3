#!/usr/bin/env bash
# Installs from Debian's packages what the tests need and the machine lacks.
set -euo pipefail

missing=()
command -v chromium >/dev/null || missing+=(chromium fonts-liberation)
compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || missing+=(postgresql)
command -v gcc >/dev/null || missing+=(gcc libc6-dev)
promtool=
command -v promtool >/dev/null || promtool=promtool
[ -n "${missing[*]}$promtool" ] || exit 0

echo installing: "${missing[@]}" $promtool
sudo=()
[ "$(id -u)" -eq 0 ] || sudo=(sudo)
export DEBIAN_FRONTEND=noninteractive
"${sudo[@]}" apt-get update -qq
[ ${#missing[@]} -eq 0 ] || "${sudo[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}"

# Of the package prometheus nothing but this: installed whole, it would start a server.
if [ -n "$promtool" ]; then
	dir=$(mktemp -d)
	trap 'rm -rf "$dir"' EXIT
	(cd "$dir" && apt-get -o APT::Sandbox::User=root download -qq prometheus && dpkg-deb -x prometheus_*.deb .)
	"${sudo[@]}" install -m 755 "$dir/usr/bin/promtool" /usr/local/bin/
fi
