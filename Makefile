# Everything below works in its own .venv, from the hash-pinned lock.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test lint types unit bench bench-code bench-code-speed bench-dependencies bench-gateway bench-infrastructure bench-merge lock clean

# The main job on the bundled demo: exit code 1 is what such a service deserves, anything else is a failure of ours.
demo: $(READY)
	@$(BIN)/assay scan demo --config demo/assay.toml; code=$$?; \
	  if [ $$code -ne 1 ]; then echo "expected exit code 1, got $$code"; exit 1; fi; \
	  echo; echo "Exit code 1: the gate blocks, as it should. The flaws that were planted: demo/EXPECTED.md"

# Components, advisories and names against their bars: make bench-dependencies SHARED=DIR [PIP_AUDIT=/path/to/pip-audit] [REPOS=DIR]
bench-dependencies: $(READY)
	$(BIN)/python -m bench.dependencies --shared "$(SHARED)" $(if $(PIP_AUDIT),--pip-audit "$(PIP_AUDIT)") $(if $(REPOS),--repos "$(REPOS)")

test: lint types unit

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(READY)
	$(BIN)/mypy

unit: $(READY)
	$(BIN)/pytest -n auto

bench: $(READY)
	$(BIN)/python -m bench

# Labelled and clean sets of source code (bench/code.py says which): make bench-code DATA=folder [PEERS=folder-of-programs] [RULES=semgrep-rules]
bench-code: $(READY)
	$(BIN)/python -m bench.code $(if $(DATA),--data $(DATA)) $(if $(PEERS),--peers $(PEERS)) $(if $(RULES),--semgrep-rules $(RULES))

# Real trees and the peers' programs: make bench-infrastructure TREES="a b" PEERS=folder
bench-infrastructure: $(READY)
	$(BIN)/python -m bench.infrastructure $(TREES) --peers "$(PEERS)"

# Whole projects: make bench-code-speed TREE=folder
bench-code-speed: $(READY)
	$(BIN)/python -m bench.code_speed --tree "$(TREE)"

# Labelled calls: make bench-gateway CALLS=calls.jsonl; rego beside it: OPA=/path/to/opa
bench-gateway: $(READY)
	$(BIN)/python bench/gateway.py --calls "$(CALLS)" --opa "$(OPA)"

# Programs of others beside our engines: make bench-merge TREES="folder folder" TOOLS=assay.toml (with rules for semgrep, for one)
bench-merge: $(READY)
	$(BIN)/python -m bench.merge $(foreach tree,$(TREES),--tree "$(tree)") --config "$(TOOLS)" --read 50

lock:
	uv pip compile pyproject.toml --group dev --all-extras --universal --generate-hashes --no-header \
	  --no-emit-index-url --no-emit-find-links --output-file requirements-dev.lock

$(READY): requirements-dev.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis dist build
