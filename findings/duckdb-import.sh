#!/usr/bin/env bash
# duckdb 1.5.6: `import duckdb` alone starts a thread, and decides whether queries draw a bar.
#
# The module opens a database when it is imported, and with two threads or more a worker of it waits
# in the process from then on: whoever imports it before forking (a fork server with preloading)
# forks a process with threads, in which that worker is missing. On the same occasion it looks
# whether `__main__` has a `__file__`: where it has none (`python -c`, a fork server's own process)
# every later query of every connection that takes two seconds draws a progress bar into the output.
#
# Seen: 1 thread before the import, 2 after it; `enable_progress_bar` is False from a file and True
# from `python -c`, and stays True when `__main__` gets a `__file__` after the import.
#
# Ours: the server from which steps of make are forked imports all else, but not DuckDB;
# tests/reporting/test_warm.py (test_server_forks_before_duckdb_is_imported).
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
python3 -m venv own
own/bin/pip install --quiet --disable-pip-version-check duckdb==1.5.6
cat >seen.py <<'PY'
import os
import sys

before = len(os.listdir("/proc/self/task"))
import duckdb

after = len(os.listdir("/proc/self/task"))
sys.modules["__main__"].__file__ = "later.py"
asked = "SELECT current_setting('enable_progress_bar'), current_setting('threads')"
bar, threads = duckdb.connect().sql(asked).fetchone()
print(before, after, bar, threads)
assert threads < 2 or (before, after) == (1, 2), "the import starts no thread"
sys.exit(bar)
PY
own/bin/python seen.py || { echo "a file draws bars"; exit 1; }
if own/bin/python -c "$(cat seen.py)"; then echo "python -c draws no bar"; exit 1; fi
