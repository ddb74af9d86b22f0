# Two commands for users, `make figures` and `make test`; both make their own environment with only Python 3.11+ present.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do command -v $$p >/dev/null && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
VENV := .venv
RUN := $(VENV)/bin/python
WORKERS ?= 2
STUDY ?=
FORCE ?=
WING ?= numerics
COUNT ?= 20
export OPENBLAS_NUM_THREADS := 1

.PHONY: figures gallery speed test reliability mutants lint types docs index lock clean

figures: $(VENV)/.ready
	$(RUN) -m experiments --headlines $(STUDY)

gallery: $(VENV)/.ready
	$(RUN) -m experiments --gallery $(if $(FORCE),--force) $(STUDY)

# Every timed comparison anew in one run, one at a time, and figures/speed.html; wants an otherwise idle machine.
speed: $(VENV)/.ready
	$(RUN) -m experiments --timed $(STUDY)

test: $(VENV)/.ready
	$(RUN) -m pytest -n $(WORKERS) --dist worksteal

# Kills, full disks, refusals, reruns, debugging: minutes each; what they find stands in figures/reliability.json.
reliability: $(VENV)/.ready
	RELIABILITY=figures/reliability.json $(RUN) -m pytest -m reliability tests/reliability

mutants: $(VENV)/.ready
	$(RUN) -m tests.mutants $(WING) --count=$(COUNT)

lint: $(VENV)/.ready
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

types: $(VENV)/.ready
	$(VENV)/bin/basedpyright

docs: $(VENV)/.ready
	$(RUN) -m mtrl.harness.gallery.docs docs

index: $(VENV)/.ready
	$(RUN) -m experiments --index

$(VENV)/.ready: requirements.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "mtrl needs Python 3.11 or newer on the PATH (or: make PYTHON=/path/to/python3.12)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(RUN) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

# Needs uv; rewrites the pins from the ranges in pyproject.toml, for every supported Python at once.
lock:
	uv pip compile pyproject.toml --extra test --universal --python-version 3.11 --fork-strategy requires-python \
		--generate-hashes --upgrade --custom-compile-command "make lock" -o requirements.txt

clean:
	rm -rf $(VENV) results .pytest_cache .hypothesis .ruff_cache
