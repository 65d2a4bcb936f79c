# `make` lists the targets. Nothing but Python 3.11+ and make needs to be there; everything is installed into .venv.

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.setup-done
# More processes than cores: the tests wait for a real server more than they compute.
PARALLEL := $(BIN)/python -m pytest --numprocesses 4 --dist worksteal

# An active environment or a configured Airflow must not leak in: not its packages, its home or its settings.
unexport VIRTUAL_ENV PYTHONPATH PYTHONHOME
# Each of pytest's processes would rewrite and compile all test modules anew, which is half of what collecting costs.
unexport PYTHONDONTWRITEBYTECODE
$(foreach name,$(filter AIRFLOW_%,$(.VARIABLES)),$(eval unexport $(name)))
# What runs Airflow code outside of the demo's and the tests' own homes must not create one in the user's home.
export AIRFLOW_HOME := $(CURDIR)/.work/airflow

.DEFAULT_GOAL := help
.PHONY: help setup demo demo-pipelines up test test-fast test-stack test-slow test-clouds test-busy lint lint-pages format pins clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-17s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## make .venv with all development dependencies (the other targets call it)
	@echo "$(VENV) is up to date"

$(STAMP): requirements/dev.txt pyproject.toml dev/setup.sh
	@sh dev/setup.sh $(VENV)
	@touch $@

demo: $(STAMP) ## one video on each vendor by a real Airflow against the simulator; ends with a table
	@$(BIN)/python -m dev.demo

demo-pipelines: $(STAMP) ## a storyboard, an approved batch to S3 and HTTP, an asset-started DAG, by a real Airflow
	@$(BIN)/python -m dev.demo_pipelines

up: $(STAMP) ## the demo's Airflow left running: prints URL and login, Ctrl-C stops it
	@$(BIN)/python -m dev.up

test: lint ## lint, then the tests, those on a real Airflow among them
	@echo "== pytest, and beside it those on the real stack"
	@$(BIN)/python -m dev.run_tests

test-fast: $(STAMP) ## the tests without the real stack
	@$(PARALLEL) -m "not stack and not ui and not slow"

test-stack: $(STAMP) ## only the tests on the real stack
	@$(BIN)/python -m pytest -m "stack and not slow"

test-slow: $(STAMP) ## what `make test` leaves out: 20,000 answers per vendor, 200 sensors, pipelines, the wheel, clouds, the UI's lines
	@SEEDANCE_EXAMPLES=$(or $(EXAMPLES),20000) $(BIN)/python -m pytest --numprocesses auto tests/outside tests/api/test_any_answer.py
	@$(BIN)/python -m pytest -m "slow and not clouds"
	@$(MAKE) --no-print-directory test-clouds
	@$(MAKE) --no-print-directory ui-lines

CLOUDS := .work/clouds
CLOUDS_STAMP := $(CLOUDS)/.ready

$(CLOUDS_STAMP): $(STAMP) requirements/clouds.txt requirements/clouds-providers.txt dev/clouds.sh
	@sh dev/clouds.sh $(VENV) $(CLOUDS)
	@touch $@

test-clouds: $(CLOUDS_STAMP) ## landing in the emulators of Azure's and Google's storages (gets them, 800 MB)
	@PYTHONPATH=$(CLOUDS)/site $(BIN)/python -m pytest -m clouds tests/clouds

PRODUCTION := .work/production
PRODUCTION_STAMP := $(PRODUCTION)/.ready

$(PRODUCTION_STAMP): $(STAMP) requirements/production.txt dev/production.sh
	@sh dev/production.sh $(VENV) $(PRODUCTION)
	@touch $@

.PHONY: up-production chaos-production bench-production
up-production: $(PRODUCTION_STAMP) ## PostgreSQL, Redis, Celery, two of what can be two, all restarted; Ctrl-C stops it
	@$(BIN)/python -m dev.production.up

chaos-production: $(PRODUCTION_STAMP) ## 100 videos on it while all of it is killed; ends with the bills (SEED=, VIDEOS=)
	@$(BIN)/python -m dev.production.chaos $(if $(SEED),--seed $(SEED)) $(if $(VIDEOS),--videos $(VIDEOS)) \
		$(if $(METRICS),--metrics $(METRICS))

bench-production: $(STAMP) ## how soon a triggerer asks for all that wait, before and after; several triggerers (VIDEOS=)
	@$(BIN)/python -m benchmarks.production $(if $(VIDEOS),--videos $(VIDEOS))

test-busy: $(STAMP) ## `make test` while other processes keep all cores busy: no test may demand a speed
	@$(BIN)/python -m dev.busy $(MAKE) --no-print-directory test

lint: $(STAMP) ## ruff, mypy, spelling, and the security of the workflows
	@echo "== ruff check"
	@$(BIN)/ruff check .
	@echo "== ruff format --check"
	@$(BIN)/ruff format --check .
	@echo "== codespell"
	@$(BIN)/codespell
	@echo "== zizmor"
	@$(BIN)/zizmor --offline --quiet --no-progress .github
	@echo "== mypy"
	@$(BIN)/mypy

lint-pages: ## biome over the UI's scripts; needs Node.js
	@npm ci --silent --no-audit --no-fund
	@npm run --silent lint

format: $(STAMP) ## let ruff format and mend what it can
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

pins: $(STAMP) ## resolve requirements/dev.txt, clouds.txt and production.txt anew
	@$(BIN)/uv pip compile --quiet --upgrade --universal --no-annotate --no-header --no-emit-index-url \
		--python-version 3.11 --extra simulator --group dev pyproject.toml -o requirements/dev.txt
	@$(BIN)/uv pip compile --quiet --upgrade --universal --no-annotate --no-header --no-emit-index-url \
		--python-version 3.11 -c requirements/dev.txt requirements/clouds.in -o requirements/clouds.txt
	@sh dev/production.sh --pin $(VENV)

clean: ## remove what runs and tools left behind (not .venv)
	@rm -rf .demo .stack .work .mypy_cache .ruff_cache .pytest_cache .hypothesis dist build
	@find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +

.PHONY: chaos
chaos: $(STAMP) ## 60 videos while workers, triggerers and the scheduler are killed; ends with the bills (SEED=, VIDEOS=)
	@$(BIN)/python -m dev.chaos $(if $(SEED),--seed $(SEED)) $(if $(VIDEOS),--videos $(VIDEOS))

.PHONY: chaos-proxy
chaos-proxy: $(STAMP) ## the same behind a proxy that answers one call in twenty with pages, resets and drips (SEED=, VIDEOS=)
	@$(BIN)/python -m dev.chaos --proxy $(if $(SEED),--seed $(SEED)) $(if $(VIDEOS),--videos $(VIDEOS))

.PHONY: fault-matrix
fault-matrix: $(STAMP) ## vendor x fault x place: what is paid and delivered, as a table (MARKDOWN=file keeps it)
	@$(BIN)/python -m dev.fault_matrix $(if $(MARKDOWN),--markdown $(MARKDOWN))

.PHONY: failover-matrix
failover-matrix: $(STAMP) ## refusal x pair of vendors x moment: who pays what, as tables (MARKDOWN=file keeps them)
	@$(BIN)/python -m dev.failover_matrix $(if $(MARKDOWN),--markdown $(MARKDOWN))

.PHONY: bench
bench: $(STAMP) ## what waiting costs, ours beside what else people use; keeps a dated result (QUICK=1: a short try)
	@$(BIN)/python -m benchmarks $(if $(QUICK),--quick)

.PHONY: matrix
matrix: $(STAMP) ## the tests on every Airflow and Python that is supported, as a table (ONLY=2.11: one line of it)
	@$(BIN)/python -m dev.matrix $(if $(ONLY),--only $(ONLY))

.PHONY: package-check
package-check: $(STAMP) ## the wheel in an empty environment: does Airflow see all of it?
	@$(BIN)/python -m pytest -m slow tests/packaging

.PHONY: ui-test
ui-test: $(STAMP) ## the pages in a headless Chromium, on the real stack; screenshots in .work/ui
	@$(BIN)/python -m pytest -m ui

.PHONY: docs-pictures
docs-pictures: $(STAMP) ## the docs' screenshots and the README's film anew, by the browser tests that show them
	@mkdir -p .work && touch .work/pictures-began
	@SEEDANCE_RENEW_PICTURES=1 $(BIN)/python -m pytest -m ui tests/ui
	@if find docs/images -name '*.png' ! -newer .work/pictures-began | grep .; then \
		echo "no test has taken these anew"; exit 1; fi

.PHONY: bench-pages
bench-pages: $(STAMP) ## the Seedance page with 50, 500 and 2,000 videos: times, calls, frames, heap (BEFORE=commit)
	@$(BIN)/python -m benchmarks.pages $(if $(BEFORE),--before $(BEFORE))

.PHONY: ui-lines
ui-lines: $(STAMP) ## one walk through the pages on each Airflow that has them, 3.1 and later (ONLY=3.1: one line)
	@$(BIN)/python -m dev.ui_lines $(if $(ONLY),--only $(ONLY))

.PHONY: docs
docs: $(STAMP) ## the docs site in .work/docs/html: warnings are errors, links between pages are checked
	@$(BIN)/sphinx-build -q -W --keep-going -b html docs .work/docs/html
	@$(BIN)/sphinx-build -q -W --keep-going -b linkcheck docs .work/docs/links
	@echo "open .work/docs/html/index.html"

.PHONY: release-check
release-check: $(STAMP) ## whether a tag may be released (TAG=v1.2.3): version, changelog, golden file
	@$(BIN)/python -m dev.release $(TAG)

.PHONY: coverage
coverage: $(STAMP) ## which lines and branches the tests without the stack run; fails below the floor (RAISE=1: raise it)
	@$(PARALLEL) -m "not stack and not ui and not slow" --cov --cov-report term --cov-report json
	@$(BIN)/python -m dev.coverage_floor $(if $(RAISE),--raise)
