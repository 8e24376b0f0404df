# What a developer does often. Everything runs in the Python that PYTHON names, best of a virtual
# environment: python -m venv .venv && . .venv/bin/activate && make build

PYTHON ?= python
CLANG_FORMAT ?= clang-format
PEERS ?= build/peers
# -P: the package that is installed, not the folder beside this file.
SPHINX = $(PYTHON) -P -m sphinx -q -W --keep-going -d build/doctrees $(SPHINXOPTS)
COMPILERS ?= $(foreach compiler,gcc clang,$(if $(shell command -v $(compiler) 2>/dev/null),$(compiler)))
WARNINGS = -Wall -Wextra -Wpedantic -Wconversion -Wno-sign-conversion -Wshadow -Werror
SANITIZE_THREADS = -g -fno-omit-frame-pointer -fsanitize=thread
SANITIZE = -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all

# csrc/ with the flags of setup.py, then the programs of tests/csrc/ with it, no Python in either:
# $(call check,folder,compiler,flags,what runs the program)
define check
	CC=$(2) CFLAGS="$(3)" $(PYTHON) setup.py --quiet build_clib --force --build-clib $(1) --build-temp $(1)
	$(2) $(3) -O2 -std=c11 -ffp-contract=off -Icsrc -o $(1)/check tests/csrc/check.c \
	    $(1)/libfnn_dispatch.a $(1)/libfnn_*.a -lm
	$(4) $(1)/check
	$(2) $(3) -O2 -std=c11 -Icsrc -o $(1)/pool tests/csrc/pool.c $(1)/libfnn_threads.a -pthread
	$(4) $(1)/pool
endef

.PHONY: help build build-report test lint format types check-c check-neon check-isa bench history peers wheel check-wheel \
    release-check sanitize sanitize-c sanitize-threads coverage annotate lines story docs docs-look docs-links clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile

build: ## install from here, editable, with all that the targets below need
	$(PYTHON) -m pip install --upgrade "pip>=25.1"
	$(PYTHON) -m pip install --group dev
	$(PYTHON) -m pip install --no-build-isolation -e ".[all,bench,test]"

build-report: ## time a build phase by phase, and print the sizes of what it makes
	$(PYTHON) bench/build.py

test: ## run the tests against the installed package, on all processors
	pytest -n auto

lint: ## check the form of Python, Cython and C, spelling, and the workflows
	ruff format --check .
	ruff check .
	cython-lint fastnn
	find csrc tests/csrc -name '*.[ch]' | xargs $(CLANG_FORMAT) --dry-run -Werror
	codespell
	zizmor --offline --quiet .github

format: ## give Python and C their form
	ruff format .
	ruff check --fix .
	find csrc tests/csrc -name '*.[ch]' | xargs $(CLANG_FORMAT) -i

types: ## check the types, and the stubs of the compiled modules against what these contain
	mypy
	stubtest fastnn.kernels --mypy-config-file pyproject.toml --concise --ignore-missing-stub --ignore-disjoint-bases

check-c: $(COMPILERS:%=check-c-%) ## compile csrc/ without a warning, by GCC and Clang, and compare it with its textbook loops
check-c-%:
	$(call check,build/check/$*,$*,$(WARNINGS))

check-neon: export _PYTHON_HOST_PLATFORM = linux-aarch64
check-neon: export AR = aarch64-linux-gnu-ar
check-neon: ## the same for 64-bit ARM, by a cross compiler and an emulator
	@{ command -v aarch64-linux-gnu-gcc && command -v qemu-aarch64; } >/dev/null || \
	    { echo "install (Debian's names): gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user"; exit 1; }
	$(call check,build/check/neon,aarch64-linux-gnu-gcc,$(WARNINGS) -static,qemu-aarch64)

sanitize-c: sanitize-c-gcc ## the same under the address and undefined-behaviour sanitizers of GCC; sanitize-c-clang: of Clang
sanitize-c-%: export FASTNN_NATIVE_DEBUG = 1
sanitize-c-%:
	$(call check,build/sanitize-c/$*,$*,$(SANITIZE))

sanitize-threads: ## the pool of threads, and plans and kernels that several threads run, under GCC's thread sanitizer
	mkdir -p build
	gcc -O1 -std=c11 $(SANITIZE_THREADS) -Icsrc -o build/pool tests/csrc/pool.c csrc/threads/pool.c -pthread
	build/pool
	$(PYTHON) -m venv --clear build/sanitize-threads
	CC=gcc CFLAGS="$(SANITIZE_THREADS)" LDFLAGS="$(SANITIZE_THREADS)" FASTNN_OPENMP=0 FASTNN_NATIVE_DEBUG=1 \
	    build/sanitize-threads/bin/pip install -q .
	TSAN_OPTIONS="suppressions=tests/races.supp exitcode=1" LD_PRELOAD="$$(gcc -print-file-name=libtsan.so)" \
	    setarch -R build/sanitize-threads/bin/python -P tests/races.py

check-isa: ## look for AVX where any x86-64 processor must run, and run it on one without, if there is an emulator
	$(call check,build/isa,gcc,,$(if $(shell command -v qemu-x86_64 2>/dev/null),qemu-x86_64 -cpu Westmere))
	$(PYTHON) setup.py --quiet build_clib -b build/isa -t build/isa build_ext -b build/isa -t build/isa
	tools/check_isa.sh build/isa

bench: ## time every kernel and model; each is verified first
	pytest bench --benchmark-sort=name

history: ## print the ratios to NumPy that were recorded, by commit
	$(PYTHON) bench/history.py

peers: ## compare with other libraries, in environments that this makes in PEERS, a gigabyte or two
	$(PYTHON) bench/peers.py --folder $(PEERS)

wheel: ## build the source distribution into dist/, and from it a wheel; on Linux, one for any Linux into wheelhouse/
	rm -rf dist wheelhouse
	$(PYTHON) -m build
	[ "$$(uname)" != Linux ] || $(PYTHON) -m auditwheel repair --wheel-dir wheelhouse dist/*.whl
	$(PYTHON) tools/recompress_wheel.py $$(ls wheelhouse/*.whl 2>/dev/null || ls dist/*.whl)

check-wheel: ## do so with each Python on the path, look into the wheels, and try them where there is no compiler
	$(PYTHON) tools/release_check wheels

release-check: ## that, all tests on the wheels, a second build, and other systems by Zig; what cannot be done is skipped
	$(PYTHON) tools/release_check

# Memory that is freed stays in quarantine, so it does not stay flat.
sanitize: ## run the tests with the address and undefined-behaviour sanitizers of GCC
	rm -rf build
	$(PYTHON) -m venv build/sanitize
	CC=gcc CFLAGS="$(SANITIZE)" LDFLAGS="$(SANITIZE)" FASTNN_OPENMP=0 FASTNN_NATIVE_DEBUG=1 \
	    build/sanitize/bin/pip install -q ".[test]"
	ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 LD_PRELOAD="$$(gcc -print-file-name=libasan.so) $$(gcc -print-file-name=libstdc++.so)" \
	    build/sanitize/bin/pytest -n auto --deselect tests/test_long_runs.py::test_memory_stays_flat

# In one process: workers of pytest-xdist are ended before they have written all counts of C.
coverage: ## report which lines of Python, Cython and C the tests run; GCC
	rm -rf build
	$(PYTHON) -m venv build/coverage
	CC=gcc CFLAGS=--coverage LDFLAGS=--coverage FASTNN_OPENMP=0 FASTNN_NATIVE_DEBUG=1 \
	    build/coverage/bin/pip install -q ".[test]" pytest-cov gcovr
	build/coverage/bin/pytest --cov=fastnn --cov-report=term:skip-covered
	build/coverage/bin/gcovr --include-internal-functions --gcov-ignore-parse-errors=negative_hits.warn \
	    --gcov-ignore-parse-errors=suspicious_hits.warn \
	    --merge-mode-functions=separate --filter fastnn/ --filter csrc/ --exclude csrc/ref/ build/temp.*

annotate: ## show in build/annotate/ where Cython calls Python
	mkdir -p build/annotate
	for f in fastnn/kernels/*/*.pyx; do cython -a -3 -I build/cython $$f -o build/annotate/$$(basename $$f .pyx).c; done

lines: ## count lines per folder, and list the files that are longer than files of their kind should be
	@$(PYTHON) tools/lines.py

story: ## print every file that belongs to an op, layer, optimizer, loss or activation: make story OP=lstm
	@$(PYTHON) tools/story.py $(OP)

docs: ## make the site in build/docs: the pages of docs/, with their programs run, and the reference
	$(SPHINX) -b html docs build/docs

docs-look: ## take pictures of the site, which has been made, and fail where a page is wider than its window; needs Chromium
	$(PYTHON) tools/screenshots.py

docs-links: ## look whether the links from docs/ to other sites lead somewhere
	$(SPHINX) -b linkcheck -D nb_execution_mode=off docs build/docs-links

clean: ## remove what was built
	rm -rf build dist wheelhouse fastnn.egg-info docs/reference fastnn/kernels/*/*.c fastnn/kernels/*/*.html fastnn/kernels/*/*.so
