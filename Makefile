# What a newcomer needs: make demo, make test. What a developer needs: make check, make bench.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BARE := .venv-bare
INSTALLED := $(VENV)/.installed
BARE_INSTALLED := $(BARE)/.installed
PEERS := .venv-peers
PEERS_INSTALLED := $(PEERS)/.installed
PIP := install --quiet --disable-pip-version-check --constraint constraints.txt
PYTEST := ATARIMAE_BARE=$(CURDIR)/$(BARE)/bin/python ATARIMAE_PEERS=$(CURDIR)/$(PEERS)/bin/python \
  $(BIN)/python -m pytest

.PHONY: demo test test-all check bench clean

demo: $(INSTALLED)
	$(BIN)/atarimae demo demo

# A process a core with one thread each is faster than one process with all threads; one process more,
# because many tests wait for a server or a browser.
test: $(INSTALLED) $(BARE_INSTALLED) $(PEERS_INSTALLED) chromium
	OMP_NUM_THREADS=1 $(PYTEST) -n $(shell $(PYTHON) -c "import os; print((os.cpu_count() or 1) + 1)") --dist loadfile -m "not long"

test-all: $(INSTALLED) $(BARE_INSTALLED) $(PEERS_INSTALLED) chromium postgresql
	$(PYTEST) -m long

check: $(INSTALLED)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .

bench: $(INSTALLED) $(PEERS_INSTALLED)
	ATARIMAE_PEERS=$(CURDIR)/$(PEERS)/bin/python $(BIN)/python -m bench

# With PyTorch and all that fitting needs.
$(INSTALLED): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip $(PIP) --editable '.[fit,lora,map,milvus,mlflow,postgresql,ray,wandb,dev]'
	touch $@

# As on a server that only answers: no PyTorch. The tests of serve and score run in it.
$(BARE_INSTALLED): pyproject.toml constraints.txt
	test -x $(BARE)/bin/python || $(PYTHON) -m venv $(BARE)
	$(BARE)/bin/python -m pip $(PIP) --editable .
	touch $@

# What atarimae is tested and measured beside; they want other versions of its libraries.
$(PEERS_INSTALLED): constraints-peers.txt
	test -x $(PEERS)/bin/python || $(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check \
	  --constraint constraints-peers.txt cleanlab cleanvision datasets mlflow trackio \
	  pywavelets tqdm
	# Without what they need: imagededup runs on our PyTorch, of scikit-image only pictures are read.
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps \
	  --constraint constraints-peers.txt imagededup scikit-image
	touch $@

# Debian's browser for the tests of pages; installed where that is allowed.
.PHONY: chromium
chromium:
	@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	  && apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium \
	     fonts-noto-cjk fonts-noto-color-emoji; } \
	  || echo "No chromium: browser tests are skipped. Install it with: apt-get install chromium"

# Debian's database for the tests of a team's store; they start a server of their own.
.PHONY: postgresql
postgresql:
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || { [ "$$(id -u)" = 0 ] \
	  && command -v apt-get >/dev/null && apt-get update -qq \
	  && apt-get install -y -qq --no-install-recommends postgresql; } \
	  || echo "No PostgreSQL: its tests are skipped. Install it with: apt-get install postgresql"

clean:
	rm -rf $(VENV) $(BARE) $(PEERS) demo .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
