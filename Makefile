# SPDX-License-Identifier: Apache-2.0
# Six verbs. Each makes its own environment in .venv; nothing else on the machine is touched,
# save Debian packages that some tests need, where installing them asks for no password.

.PHONY: demo test lint bench clean help
.DEFAULT_GOAL := help
SHELL := bash

# No path of the checkout is ever a target here: it may hold spaces.
ARGS ?=

help:
	@echo 'make demo    the main job on a real repository in a temporary folder'
	@echo 'make test    lint, types and every test (ARGS="-k name" for some)'
	@echo 'make lint    ruff, mypy and shellcheck alone'
	@echo 'make bench   speed, memory and size beside SOPS and git-crypt'
	@echo 'make clean   remove .venv and caches'

demo:
	@bash .ci/venv runtime
	@PATH="$$PWD/.venv/bin:$$PATH" bash demo/run

lint:
	@bash .ci/venv test
	@.venv/bin/python -m ruff check .
	@.venv/bin/python -m ruff format --check .
	@.venv/bin/python -m mypy
	@.venv/bin/shellcheck .ci/run .ci/venv .ci/debian-packages .ci/node-packages demo/run

test: lint
	@bash .ci/debian-packages
	@bash .ci/node-packages
	@PATH="$$PWD/.venv/bin:$$PATH" .venv/bin/python -m pytest -n auto --dist worksteal $(ARGS)

bench:
	@bash .ci/venv test
	@bash .ci/debian-packages
	@PATH="$$PWD/.venv/bin:$$PATH" PYTHONPATH=tests .venv/bin/python -m benchmarks.run $(ARGS)

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist
	find gitseal tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
