# make lab       opens the course (make lab ARGS=--no-browser where there is no display)
# make test      everything that must hold, about twelve minutes on two cores
# make help      the rest

SHELL := /bin/bash
VENV := .venv
RUN := $(VENV)/bin/python

# A Python that runs and has venv; a name on the PATH may be a shim that leads nowhere. Override: make install PYTHON=/path/to/python
SUPPORTED := 3.12 3.13 3.11
PYTHON = $(shell for version in $(SUPPORTED); do \
	for python in python$$version $(HOME)/.pyenv/versions/$$version.*/bin/python python3 python; do \
	$$python -c "import ensurepip, sys, venv; sys.exit('%d.%d' % sys.version_info[:2] != '$$version')" 2>/dev/null && echo $$python && exit; \
	done; done)

# $(call stage,name,command) runs a command and tells how long it took
define stage
	@start=$$SECONDS; $(2) || { echo "-- $(1) failed after $$((SECONDS - start)) s"; exit 1; }; echo "-- $(1): $$((SECONDS - start)) s"
endef

# $(call venv,folder) makes an empty environment
define venv
	@[ -n "$(PYTHON)" ] || { echo "The course needs Python $(SUPPORTED: =, ) with its venv module, and none was found."; exit 1; }
	@echo "Installing into $(1) (a few minutes, once) ..."
	@$(PYTHON) -m venv $(1)
endef

NBVAL := --nbval-lax --nbval-current-env --nbval-cell-timeout=300 --nbval-kernel-startup-timeout=120 -p tests.stop_after_failure
# three on two cores: tests that wait, for a process or a server, leave a core idle; each with one thread, or they wait for each other
PARALLEL := -n 3 --dist loadscope
suite test-jax: export OMP_NUM_THREADS = 1
suite test-jax: export TF_NUM_INTRAOP_THREADS = 1
suite test-jax: export TF_NUM_INTEROP_THREADS = 1

.PHONY: help install lab test suite test-jax test-colab notebooks bench lock clean

help:
	@echo "make install | lab | test | test-jax | test-colab | notebooks | bench | lock | clean"

install: .venv/.installed
	@true

.venv/.installed: requirements.lock pyproject.toml
	$(call venv,.venv)
	@.venv/bin/python -m pip install --quiet --require-hashes -r requirements.lock
	@.venv/bin/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@.venv/bin/python -m data_scripts make
	@touch $@

lab: install
	@$(RUN) -m data_scripts make
	@$(RUN) -m jupyter lab notebooks/00_start_here.ipynb $(ARGS)

test: install
	@$(MAKE) --no-print-directory suite

suite:
	$(call stage,ruff,$(RUN) -m ruff check . && $(RUN) -m ruff format --check .)
	$(call stage,unit tests and hygiene,$(RUN) -m pytest $(PARALLEL) tests)
	$(call stage,tiny copies,$(RUN) -m notebooks.build tiny)
	$(call stage,notebooks,$(RUN) -m pytest $(PARALLEL) $(NBVAL) --durations=10 build/tiny)

# course_utils on JAX, in an environment that holds no TensorFlow
test-jax: .venv-jax/.installed
	@.venv-jax/bin/python -c "import importlib.util as u, sys; sys.exit('TensorFlow is in .venv-jax' if u.find_spec('tensorflow') else 0)"
	$(call stage,course_utils on JAX,KERAS_BACKEND=jax .venv-jax/bin/python -m pytest $(PARALLEL) \
		$(filter-out $(addprefix tests/test_,arrows.py build.py data_scripts.py notebooks.py),$(wildcard tests/test_*.py tests/exercises/test_*.py)))

.venv-jax/.installed: pyproject.toml
	$(call venv,.venv-jax)
	@.venv-jax/bin/python -m pip install --quiet --editable ".[jax,test]"
	@touch $@

# the whole suite on the versions that Colab has
test-colab: .venv-colab/.installed
	@$(MAKE) --no-print-directory suite VENV=.venv-colab

.venv-colab/.installed: SUPPORTED := 3.13
.venv-colab/.installed: pyproject.toml tests/colab.txt
	$(call venv,.venv-colab)
	@.venv-colab/bin/python -m pip install --quiet --constraint tests/colab.txt --editable ".[tensorflow,test]"
	@touch $@

notebooks: install
	@$(RUN) -m notebooks.build build

bench: install
	@$(RUN) -m tests.bench

lock:
	@$(RUN) -m pip install --quiet uv
	@$(VENV)/bin/uv pip compile pyproject.toml --extra dev --universal --generate-hashes --python-version 3.11 \
		--no-header --no-annotate --quiet -o requirements.lock

clean:
	rm -rf build .venv .venv-jax .venv-colab
