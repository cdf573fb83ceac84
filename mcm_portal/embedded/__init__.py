"""Everything that starts the portal on one machine: PostgreSQL, Valkey, web, worker, beat.

``python.sh`` finds Python, ``bootstrap.py`` makes the virtual environment (standard library
only, run by path), ``python -m mcm_portal.embedded`` does the rest:

- ``run``: everything, until Ctrl-C (``supervisor.py``);
- ``exec``: PostgreSQL and Valkey for the length of one command (``services.py``);
- ``manage``: one management command, beside a running portal or with services of its own;
- ``test`` and ``test-long``: the gate (``gate.py``).

Nothing here is used in production, where a process manager and real servers do this work
(docker-compose.yml, deploy/).
"""
