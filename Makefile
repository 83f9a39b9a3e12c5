# Every target sets up what it needs: Python 3.11+, git and make are enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
UV := $(BIN)/uv pip install --quiet --python $(BIN)/python
DOMAINS ?= 75 300
CATALOG ?= ../CRDs-catalog
KUBERNETES ?= $(foreach minor,26 29 30 31 32 33 34 35 36 37,api@v0.$(minor).0) kubernetes@v1.34.2 kubernetes@v1.37.0

# Twice as many processes as cores, as some tests wait for others.
FORKS = --processes $$($(BIN)/python -c 'import os; print(2 * (os.cpu_count() or 1))')

.DEFAULT_GOAL := help
# Python starts hundreds of times for one run of the tests, which takes half as long again if none keeps its bytecode.
unexport PYTHONDONTWRITEBYTECODE
.PHONY: help setup compile check test thorough lint types format schemas crds kubernetes docs site goldens credentials fresh bench lock kind dist clean

help: ## Show this help
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): requirements.lock pyproject.toml
	@echo "Setting up $(VENV) (about a minute, once)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV)
	@# uv takes a fifth of the time of pip, which does it where it alone is told of a mirror.
	@sed -n '/^uv==/,/# via/p' requirements.lock | $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r /dev/stdin
	@$(UV) --require-hashes -r requirements.lock \
	  || $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(UV) --no-deps --no-build-isolation --editable .
	@touch $@

setup: $(READY) ## Make .venv with everything pinned by requirements.lock

compile: $(READY) ## Compile the mesh in this repository into output/
	@$(BIN)/floe-compile

check: $(READY) ## Tell whether output/ is what the inputs compile to
	@$(BIN)/floe-compile check

test: $(READY) ## Run the tests
	@# Rewriting all assertions for better messages takes as long as collecting the tests: only those that fail get it.
	@$(BIN)/pytest $(FORKS) --assert=plain || { $(BIN)/pytest --last-failed; exit 1; }

thorough: $(READY) ## Try all combinations, and many more examples in the property tests (half an hour)
	@HYPOTHESIS_PROFILE=thorough $(BIN)/pytest $(FORKS) -m "hypothesis or thorough"

lint: $(READY) ## Check style
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(READY) ## Check types
	@$(BIN)/mypy

format: $(READY) ## Rewrite the code in the house style
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

schemas: $(READY) ## Write schemas/ anew from the models
	@$(BIN)/floe-compile schema --write

crds: $(READY) ## Write the published schemas of custom resources anew (CATALOG=folder of the CRDs-catalog)
	@$(BIN)/python tests/trim_schemas.py $(CATALOG)

kubernetes: $(READY) ## Write the data about Kubernetes' own kinds anew (needs go)
	@$(BIN)/python tests/kubernetes_data.py $$(cd $$(mktemp -d) && go mod init data 2>/dev/null && for module in $(KUBERNETES); do go mod download -json k8s.io/$$module | sed -n 's/^.*"Dir": "\(.*\)".*$$/\1/p'; done)

credentials: $(READY) ## Write the published forms of credentials anew (GITLEAKS=folder of its clone)
	@$(BIN)/python tests/credential_forms.py $(GITLEAKS)

docs: $(READY) ## Write docs/rules.md anew from the rules, and the tables of other pages from what they are about
	@$(BIN)/python tests/rule_examples.py
	@$(BIN)/floe-compile rules --format markdown > docs/rules.md
	@$(BIN)/python tests/documented_tables.py

site: $(READY) ## Build the documentation as a website in site/, which needs no network to be read
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-build-isolation --editable '.[site]'
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

goldens: $(READY) ## Accept what the tests now see as expected (read the difference)
	@UPDATE=1 $(BIN)/pytest $(FORKS) --snapshot-update

fresh: $(READY) ## Prove that schemas/, output/ and what make docs writes are what their sources say
	@$(BIN)/python tests/fresh.py

kind: ## Try output/dev in a Kind cluster (needs docker, kind, kubectl and helm)
	@tests/kind/run.sh

bench: $(READY) ## Measure compiling meshes of DOMAINS="75 300" domains (several numbers: how the time grows)
	@cd tests && ../$(BIN)/python -m bench --domains $(DOMAINS)

lock: $(READY) ## Pin the newest allowed versions in requirements.lock
	@$(BIN)/uv pip compile --quiet pyproject.toml --extra dev --universal --generate-hashes --no-emit-index-url --no-header --upgrade --python-version 3.11 -o requirements.lock

dist: $(READY) ## Build the wheel and the source in dist/; the same bytes for the same commit
	@rm -rf dist
	@SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(BIN)/python -m hatchling build -d dist

clean: ## Remove what the targets made
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis dist
