#!/bin/sh
# What a container of the image does: web (default), worker, beat, migrate, or a manage.py command.
set -eu

case "${1:-web}" in
web)
    # One folder of metrics for all web processes, empty at each start.
    PROMETHEUS_MULTIPROC_DIR=$(mktemp -d)
    export PROMETHEUS_MULTIPROC_DIR
    exec python -m gunicorn mcm_portal.wsgi -c deploy/gunicorn.conf.py --bind 0.0.0.0:8000
    ;;
worker)
    exec python -m celery -A mcm_portal worker --loglevel INFO --concurrency 2 --without-gossip --without-mingle
    ;;
beat) # exactly one, or periodic tasks run twice (which is harmless, but useless)
    exec python -m celery -A mcm_portal beat --loglevel INFO --schedule /tmp/beat --pidfile=
    ;;
migrate) # as the database's owner, where DATABASE_OWNER_URL names one; the rest as the portal's own role
    python manage.py migrate --no-input
    python manage.py load_reference_data
    python manage.py load_policies
    exec python manage.py load_entrances
    ;;
*)
    exec python manage.py "$@"
    ;;
esac
