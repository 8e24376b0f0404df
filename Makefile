# What a developer does often. Everything runs in the Python that PYTHON names, best of a virtual
# environment: python -m venv .venv && . .venv/bin/activate && make build

PYTHON ?= python
CLANG_FORMAT ?= clang-format
WARNINGS = -Wall -Wextra -Wpedantic -Wconversion -Wno-sign-conversion -Wshadow -Werror
SANITIZE = -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all

.PHONY: help build test lint format types warnings bench wheel sanitize annotate lines clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

build: ## install from here, editable, with all that the targets below need
	$(PYTHON) -m pip install --upgrade "pip>=25.1"
	$(PYTHON) -m pip install --group dev
	$(PYTHON) -m pip install --no-build-isolation -e ".[all,bench,test]"

test: ## run the tests against the installed package
	pytest

lint: ## check the form of Python, Cython and C, and spelling
	ruff format --check .
	ruff check .
	cython-lint fastnn
	find csrc -name '*.[ch]' | xargs $(CLANG_FORMAT) --dry-run -Werror
	codespell

format: ## give Python and C their form
	ruff format .
	ruff check --fix .
	find csrc -name '*.[ch]' | xargs $(CLANG_FORMAT) -i

types: ## check the types
	mypy

warnings: ## compile csrc/ with every warning an error, with GCC and with Clang if there
	@for compiler in gcc clang; do \
	    command -v $$compiler >/dev/null || continue; \
	    echo "$$compiler: $$($$compiler --version | head -n 1)"; \
	    CC=$$compiler CFLAGS="$(WARNINGS)" $(PYTHON) setup.py --quiet build_clib \
	        --force --build-clib build/warnings --build-temp build/warnings || exit 1; \
	done

bench: ## time every kernel and model; each is verified first
	pytest bench --benchmark-sort=name

wheel: ## build the source distribution and a wheel into dist/
	$(PYTHON) -m build

sanitize: ## run the tests with the address and undefined-behaviour sanitizers of GCC
	rm -rf build
	$(PYTHON) -m venv build/sanitize
	CC=gcc CFLAGS="$(SANITIZE)" LDFLAGS="$(SANITIZE)" FASTNN_OPENMP=0 build/sanitize/bin/pip install -q ".[test]"
	ASAN_OPTIONS=detect_leaks=0 LD_PRELOAD="$$(gcc -print-file-name=libasan.so) $$(gcc -print-file-name=libstdc++.so)" \
	    build/sanitize/bin/pytest

annotate: ## show in build/annotate/ where Cython calls Python
	mkdir -p build/annotate
	for f in fastnn/kernels/*.pyx; do cython -a -3 $$f -o build/annotate/$$(basename $$f .pyx).c; done

lines: ## count lines per folder
	@git ls-files '*.py' '*.pyx' '*.pxd' '*.pyi' '*.c' '*.h' '*.def' | xargs wc -l | awk \
	    '$$2 != "total" { folder = $$2; if (!sub("/[^/]*$$", "", folder)) folder = "."; n[folder] += $$1; sum += $$1 } \
	    END { for (folder in n) printf "%7d  %s\n", n[folder], folder | "sort -k 2"; close("sort -k 2"); \
	    printf "%7d  in all\n", sum }'

clean: ## remove what was built
	rm -rf build dist wheelhouse fastnn.egg-info fastnn/kernels/*.c fastnn/kernels/*.html fastnn/kernels/*.so
