# duologue: `make demo` sets everything up and builds a small data set; `make test` sets everything up and passes the tests.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
BESIDE := $(VENV)/speechbrain
export RAY_ENABLE_UV_RUN_RUNTIME_ENV := 0
export OMP_NUM_THREADS := 1

.PHONY: setup demo test slow check bench crash constraints clean

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "duologue needs Python 3.11 or newer; set PYTHON=")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $(READY)

demo: setup
	$(BIN)/duologue demo demo

# Two at a time: most of these tests wait for processes that they start. A module's tests stay together. A test process that dies ends the
# run at once, which names the test; pytest-xdist would start another and then wait for ever.
test: setup
	$(BIN)/python -m pytest -n 2 --dist loadfile --max-worker-restart 0

# speechbrain lies apart: pyannote.audio imports it wherever it is found, and the modules that it leaves behind break tools that look at
# all of them.
slow: setup
	$(BIN)/python -m pytest -m 'slow or browser or cluster' --timeout 1200
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --no-deps --upgrade --target $(BESIDE) speechbrain hyperpyyaml ruamel.yaml
	PYTHONPATH=$(BESIDE) $(BIN)/python -m pytest tests/stages/separate/network/test_sepformer.py

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: setup
	$(BIN)/python -m tests.bench

crash: setup
	$(BIN)/python -m tests.pipeline.crash --trials 200

constraints: setup
	$(BIN)/python -m pip freeze --exclude-editable | sed 's/+cpu$$//' > constraints.txt

clean:
	rm -rf $(VENV) demo build *.egg-info
