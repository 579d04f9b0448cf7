# Two commands do everything on a machine with python3 (3.10 or newer) and make:
#   make demo   own virtual environment, install, index data/, search, show
#   make test   lint (docstrings too), types, tests
# And one for after every change, twenty seconds:
#   make check  lint, types, quick unit tests
#   make fuzz   the tests of hostile input again, with fifty times as many inputs (EXAMPLES=... for more)
# And four that measure (benchmarks/README.md); options in OPTIONS=
#   make quality                               how well it ranks; SHARED=DIR names the folder of the larger sets
#   make bench, bench-engines, bench-pieces, bench-features, bench-growth  how fast it is
# And one that takes half an hour to an hour: every byte flipped, hundreds of writers killed, readers under load
#   make soak
# And two for the compiled kernels (native/), which `make demo` builds where there is a Rust toolchain
#   make native       build them again after a change
#   make native-test  their own tests, lint and format
# And one that makes a wheel, with the kernels where there is a Rust toolchain; where it is installed none is needed
#   make wheel
# And one that needs Java and Maven: two nodes of OpenSearch, of which one is killed (tests/opensearch), and the
# end-to-end tests of searching and updating on a node
#   make cluster
# And two for the page: in a real browser with all its tests (needs Chromium), and under 64 clients for half a minute;
# `make screenshot` takes the pictures of the documents anew
#   make browser, load, screenshot
# And one for a change of the index format before it is released (tests/golden)
#   make golden
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# What `make check` tests: each module by itself; tests marked slow (tests/conftest.py) are left out.
QUICK := tests/analysis tests/codec tests/corpus tests/engine tests/faces tests/indexing tests/kernels tests/model \
  tests/query tests/search/planning tests/search/steps tests/store tests/tools \
  $(patsubst %,tests/search/test_%.py,closeness matches snippet substrings top) \
  $(patsubst %,tests/test_%.py,architecture deadline errors licences limits mirror public_api request settings values)

# What `make cluster` tests on a node, beside what is tested of both back ends in any case: the end-to-end tests of
# searching and updating.
E2E := $(patsubst %,tests/e2e/test_%.py,complaints complaints_spelling delete_and_scan dictionary fields_of_articles \
  index_as_collection indexing inputs library suggest_cli tags_cli)

.PHONY: native native-test wheel demo check test lint types unit cluster soak fuzz browser load screenshot golden format quality bench bench-engines bench-pieces bench-features bench-growth clean

demo: $(VENV)/.ready
	$(BIN)/cnsearch index data/ --index index
	$(BIN)/cnsearch search --index index 数字化转型 --limit 3
	@echo
	@echo 'Now try: $(BIN)/cnsearch search "人工智能"     or: $(BIN)/cnsearch --help'
	@echo 'Or search in a browser, at http://127.0.0.1:8000/, with: $(BIN)/cnsearch serve --open'

check: lint types
	$(BIN)/python -m pytest -q -n auto -m 'not slow' --hypothesis-profile=quick $(QUICK)

test: lint types native-test unit

lint: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python tools/check_docstrings.py

types: $(VENV)/.ready
	$(BIN)/mypy cnsearch benchmarks

unit: $(VENV)/.ready
	$(BIN)/python -m pytest -q -n auto --dist loadfile

native: $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .

native-test: $(VENV)/.ready
	@if command -v cargo > /dev/null; then set -ex; cd native; export PYO3_PYTHON=$(abspath $(BIN)/python); \
	  cargo fmt --check; cargo clippy --quiet --all-targets --features python -- -D warnings; cargo test --quiet; \
	else echo 'native-test: left out, there is no Rust toolchain'; fi

wheel: $(VENV)/.ready
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .
cluster: $(VENV)/.ready
	CNSEARCH_CLUSTER=1 $(BIN)/python -m pytest -q tests/backends/opensearch
	CNSEARCH_E2E=cluster $(BIN)/python -m pytest -q -n auto -p tests.backends.conftest $(E2E)

soak: $(VENV)/.ready
	CNSEARCH_SOAK=1 $(BIN)/python -m pytest -q tests/durability

fuzz: $(VENV)/.ready
	FUZZ_EXAMPLES=$(or $(EXAMPLES),5000) $(BIN)/python -m pytest -q --hypothesis-profile=fuzz \
	  tests/test_fuzz.py tests/corpus/test_hostile.py tests/corpus/test_dates.py tests/corpus/test_front_matter.py

browser: $(VENV)/.ready-browser
	CNSEARCH_BROWSER=all $(BIN)/python -m pytest -q tests/faces/web/test_browser.py tests/faces/web/test_schemathesis.py

load: $(VENV)/.ready
	CNSEARCH_LOAD=30 $(BIN)/python -m pytest -q -s tests/faces/web/test_load.py

screenshot: $(VENV)/.ready-browser
	$(BIN)/python tools/screenshot.py

quality: $(VENV)/.ready-bench
	$(BIN)/python -m benchmarks.retrieval --ablation $(if $(SHARED),--shared $(SHARED))

golden: $(VENV)/.ready
	$(BIN)/python tests/golden/make.py --again

format: $(VENV)/.ready
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.ready-bench
	$(BIN)/python -m benchmarks.reach $(OPTIONS)

bench-engines: $(VENV)/.ready-bench
	$(BIN)/python -m benchmarks.engines $(OPTIONS)

bench-pieces: $(VENV)/.ready-bench
	$(BIN)/python -m pytest benchmarks/test_engine_pieces.py $(OPTIONS)

bench-features: $(VENV)/.ready-bench
	$(BIN)/python -m benchmarks.features $(OPTIONS)

bench-growth: $(VENV)/.ready-bench
	$(BIN)/python -m benchmarks.growth $(OPTIONS)

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis

NATIVE := $(wildcard native/Cargo.* native/build.rs native/src/*.rs native/src/*/*.rs)

$(VENV)/.ready: pyproject.toml $(NATIVE)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
	  { echo "cnsearch needs Python 3.10 or newer; name one with: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

$(VENV)/.ready-browser: $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,browser]'
	@touch $@

$(VENV)/.ready-bench: $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,bench]'
	@touch $@
