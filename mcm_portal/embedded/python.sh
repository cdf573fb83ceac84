#!/bin/sh
# Runs a script with the first Python that is 3.11 or later and can make virtual environments.
# PYTHON=/path/to/python chooses one. Of each version the distribution's own comes first: it is built with a
# profile, and one that was compiled on the spot mostly is not and takes half as long again.
set -eu

usable() {
    "$1" -I -c 'import sys; assert sys.version_info >= (3, 11); import ensurepip, venv' >/dev/null 2>&1
}

if [ -n "${PYTHON:-}" ]; then
    if usable "$PYTHON"; then exec "$PYTHON" -I "$@"; fi
    echo "PYTHON=$PYTHON is not a Python 3.11 or later with its venv module." >&2
    exit 1
fi

case ":$PATH:" in
    *:/usr/bin:*) distribution=/usr/bin ;;
    *) distribution= ;;
esac

without_venv=
for name in python3.11 python3.12 python3.13 python3.14 python3 python; do
    for candidate in ${distribution:+"$distribution/$name"} "$name"; do
        command -v "$candidate" >/dev/null 2>&1 || continue
        if usable "$candidate"; then exec "$candidate" -I "$@"; fi
        if "$candidate" -I -c 'import sys; assert sys.version_info >= (3, 11)' >/dev/null 2>&1; then
            without_venv=$candidate
        fi
    done
done

if [ -n "$without_venv" ]; then
    echo "$without_venv is there, but without its venv module, which comes apart on Debian and Ubuntu:" >&2
    echo "    sudo apt-get install $(basename "$without_venv")-venv" >&2
else
    echo "Python 3.11 or later is needed, and none was found. Install it, for example:" >&2
    echo "    Debian, Ubuntu: sudo apt-get install python3 python3-venv" >&2
    echo "    Fedora:         sudo dnf install python3" >&2
    echo "or say where it is: make run PYTHON=/path/to/python3.11" >&2
fi
exit 1
