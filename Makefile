# The project's commands: `make` lists them. The environment is .venv in this folder; see labkit/bootstrap.py.
.DEFAULT_GOAL := help
ANY_PYTHON = $(or $(shell command -v python3 || command -v python3.14 || command -v python3.13 || command -v python3.12 || command -v python3.11),$(PYTHON))
BIN := .venv/bin

.PHONY: help lab test lint format lock clean environment

help: ## print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

lab: environment ## open the lab: a sandbox and JupyterLab, until Ctrl-C (PORT=8888 to choose one)
	@$(BIN)/labkit lab $(if $(PORT),--port $(PORT))

test: environment ## run all tests, the linters and every notebook (ARGS="-k name" to choose)
	@$(BIN)/python -m pytest $(ARGS)

lint: environment ## check style, types and the layers of imports
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

format: environment ## put the code into its form, and strip notebooks of their outputs
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .
	@git ls-files -z '*.ipynb' | xargs -0 $(BIN)/nbstripout

lock: environment ## resolve pyproject.toml anew into requirements.lock (ARGS=--upgrade for newer versions)
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
		--no-header --extra dev $(ARGS) --output-file requirements.lock pyproject.toml

clean: ## remove the environment, caches and built files (a sandbox's state in .labkit stays)
	@rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis dist build
	@find labkit tests -name __pycache__ -type d -prune -exec rm -rf {} +

environment:
	@$(or $(ANY_PYTHON),$(error labkit needs Python 3.11 or newer: apt install python3 python3-venv, or brew install python)) labkit/bootstrap.py --quiet
