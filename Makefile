# Every target is also a plain command, shown by `make -n <target>`; see docs/development.md for Windows.
#   T=path   run only these tests         make test T=tests/unit/signing
#   K=name   run only tests with this name  make fast K=canonical

.DEFAULT_GOAL := help
.NOTPARALLEL:
PYTHON := .venv/bin/python
T ?=
K ?=
ONCE ?=
MINUTES ?=
JOBS ?= 2
PYTEST := sh tools/run_tests.sh $(PYTHON) -m pytest -q $(if $(K),-k "$(K)")

.PHONY: help setup demo quarter test fast lint format bench soak screenshots reference translations lock wheel

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install what is missing: Debian packages, .venv, browser files, translations
	@sh tools/setup.sh

demo: setup ## hub and three nodes on this machine play a working day; ONCE=1 checks it and ends
	$(PYTHON) -m demo $(if $(ONCE),--once)

quarter: setup ## replay the published figures of a whole quarter through the real sync
	$(PYTHON) -m demo.quarter

# In the order of folders: whole processes and browsers, which take longest, come first, and nobody waits for them at the end.
test: setup lint ## everything, exactly as CI runs it (T=path, K=name, JOBS=0 for one process)
	$(PYTEST) -n $(JOBS) --dist loadfile --no-loadscope-reorder -m "not soak" $(T)

fast: setup ## unit and property tests of the pure packages, in about 20 s (T=path, K=name)
	$(PYTEST) --hypothesis-profile=fast -m "not slow and not soak" $(or $(T),tests/unit/signing tests/unit/sync_protocol tests/unit/dossiers tests/properties)

lint: setup ## formatting, rules and types
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check --no-cache .
	$(PYTHON) -m mypy
	$(PYTHON) -m mypy --platform win32 --cache-dir .mypy_cache/windows signing sync_protocol dossiers vault edge_node

format: setup ## put the formatting right
	$(PYTHON) -m ruff format .
	$(PYTHON) -m ruff check --fix .

bench: setup ## run the benchmarks: a table, and benchmarks/results.json
	$(PYTHON) -m benchmarks

soak: setup ## new worlds and hostile files for MINUTES= (60), on from where it stopped; T=path: tests with many new examples
	$(if $(T),$(PYTEST) --hypothesis-profile=soak $(T),sh tools/run_tests.sh $(PYTHON) -m tests.simulation.soak --minutes $(or $(MINUTES),60))

screenshots: setup ## take the pictures of the manuals anew
	$(PYTHON) -m demo.screenshots

reference: setup ## write commands, settings, reasons and the map of rooms from the code
	$(PYTHON) -m tools.reference

translations: setup ## collect new texts into the English catalogues and compile them
	$(PYTHON) tools/translations.py update

lock: setup ## resolve the dependencies anew, for every platform, with hashes
	$(PYTHON) -m uv pip compile pyproject.toml --all-extras --universal --generate-hashes \
		--no-emit-index-url --no-header --no-annotate --quiet -o requirements.lock
	$(PYTHON) -m uv pip compile requirements.lock --python-platform windows --only-binary :all: \
		--no-header --no-annotate --quiet -o $(or $(TMPDIR),/tmp)/motcua-windows.txt
	sed -E 's/ \\$$//; /^ +--hash/d' requirements.lock > $(or $(TMPDIR),/tmp)/motcua-constraints.txt
	$(PYTHON) -m uv pip compile pyproject.toml --universal --generate-hashes --no-emit-index-url --no-header \
		--no-annotate --quiet -c $(or $(TMPDIR),/tmp)/motcua-constraints.txt -o deploy/requirements-node.lock
	$(PYTHON) -m uv pip compile pyproject.toml --extra hub --extra verify --extra postgres --universal --generate-hashes --no-emit-index-url --no-header \
		--no-annotate --quiet -c $(or $(TMPDIR),/tmp)/motcua-constraints.txt -o deploy/requirements-hub.lock
	$(PYTHON) -m uv pip compile --group verifier --universal --generate-hashes --no-emit-index-url --no-header \
		--no-annotate --quiet -c $(or $(TMPDIR),/tmp)/motcua-constraints.txt -o deploy/requirements-verify.lock

wheel: setup ## build dist/motcua-*.whl with the browser files and translations in it
	$(PYTHON) -m hatchling build -t wheel
