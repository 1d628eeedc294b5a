#!/usr/bin/env bash
# Sets up what the tests need on a bare machine and runs them all. The last line is "N passed, N failed".
set -uo pipefail
cd "$(dirname "$0")/.."

find_chromium() { [ -n "${CHROME_PATH:-}" ] && return 0; command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null; }
if ! find_chromium; then
  as_root=''; [ "$(id -u)" = 0 ] || as_root=sudo
  $as_root apt-get update -qq && $as_root apt-get install -y -qq chromium || { echo 'Could not install Chromium: apt-get install chromium'; exit 1; }
fi

if ! ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1; then
  as_root=''; [ "$(id -u)" = 0 ] || as_root=sudo
  $as_root apt-get update -qq && $as_root apt-get install -y -qq postgresql || { echo 'Could not install PostgreSQL: apt-get install postgresql'; exit 1; }
fi

rm -rf test-results
npm ci --no-audit --no-fund && npm test
status=$?
if [ -f test-results/summary.txt ]; then cat test-results/summary.txt; else echo '0 passed, 1 failed'; fi
exit $status
