# The portal's commands. They need Python 3.11 or later (with venv) and make, nothing else.
# Settings are given on the line:  make run PORT=8001  (README.md lists them all)

.DEFAULT_GOAL := help
.PHONY: help run test test-long bench bench-scale bench-timing drill manage exec format lock
.NOTPARALLEL:

BOOTSTRAP = exec sh mcm_portal/embedded/python.sh mcm_portal/embedded/bootstrap.py

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

run: ## everything: PostgreSQL, Redis protocol, web, worker; Ctrl-C stops it and keeps the data
	@$(BOOTSTRAP) run

test: ## linters, types, checks and all tests (ARGS="tests/accounts -k name" for some of them)
	@$(BOOTSTRAP) test

test-long: ## the long suites
	@$(BOOTSTRAP) test-long

bench: ## the portal's figures beside a plain django-allauth (ARGS="--rounds 1 --most 16" for a quick look)
	@export ARGS='-- python -m benchmarks $(ARGS)'; $(BOOTSTRAP) exec

bench-scale: ## the same at a million people, with the plans of every list (ROWS=100000 for a quick look)
	@export ARGS='-- python -m benchmarks.scale --rows $(or $(ROWS),1000000) $(ARGS)'; $(BOOTSTRAP) exec

bench-timing: ## whether the clock tells a stranger who has an account (ARGS="--tries 200")
	@export ARGS='-- python -m benchmarks.timing $(ARGS)'; $(BOOTSTRAP) exec

drill: ## families, guardians, letters and classes while every server fails, about 7 minutes (ARGS="--sign-ups 1000 --every 30": 70)
	@$(BOOTSTRAP) python -m benchmarks.drill

manage: ## one management command: make manage ARGS="createsuperuser"
	@$(BOOTSTRAP) manage

exec: ## a command beside throwaway services: make exec ARGS="-- python manage.py shell"
	@$(BOOTSTRAP) exec

format: ## put the code in the house's layout
	@$(BOOTSTRAP) format

lock: ## resolve the dependencies of pyproject.toml again (ARGS="--upgrade" for newer ones)
	@$(BOOTSTRAP) lock
