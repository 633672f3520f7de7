#!/bin/sh
# Finds a Python 3.11 or newer and lets it prepare .venv. Arguments: base | dev. PYTHON names an interpreter.
cd "$(dirname "$0")/.." || exit 2
tried=""
for name in ${PYTHON:-} python3 python3.13 python3.12 python3.11 python3.14 python; do
    if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
        exec "$name" scripts/environment.py "$@"
    fi
    version=$("$name" -c 'import platform; print(platform.python_version())' 2>/dev/null) && tried="$tried $name ($version)"
done
echo "Python 3.11 or newer is needed; found:${tried:- none}. Install one, or name it: make ${MAKECMDGOALS:-run} PYTHON=/path/to/python3" >&2
exit 2
