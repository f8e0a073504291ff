# make lab       opens the course (make lab ARGS=--no-browser where there is no display)
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

# $(call course,arguments) runs lab.py
define course
	@python="$(PYTHON)"; [ -n "$$python" ] || { echo "The course needs Python $(SUPPORTED: =, ) with its venv module, and none was found."; exit 1; }; \
	"$$python" lab.py $(1)
endef

# $(call need,VARIABLE,words) ends with the words if the variable is empty
need = @[ -n "$($(1))" ] || { echo "Say $(2)"; exit 1; }

.PHONY: help lab install list-data data get-data check-data homework grade test suite test-jax test-colab notebooks bench lock clean

help: ## these lines
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-12s %s\n", $$1, $$2}' Makefile

lab: ## opens the course in JupyterLab, installed first if need be (ARGS=--no-browser: no browser on this computer)
	$(call course,$(ARGS))

install: ## the environment alone, in .venv
	$(call course,install)

list-data: install ## the data sets: licence, size, generated or real, on disk or not
	@$(RUN) -m data_scripts list

data: install ## makes the generated data sets, or one of them (NAME=carla)
	@$(RUN) -m data_scripts make $(NAME)

get-data: ## downloads a real data set (NAME=membrane)
	$(call need,NAME,which one: make get-data NAME=membrane)
	$(call course,install)
	@$(RUN) -m data_scripts get $(NAME)

check-data: install ## looks for damaged and missing files in all data sets, or in one (NAME=membrane)
	@$(RUN) -m data_scripts check $(NAME)

homework: ## copies a homework to my_work/ (NAME=hw1; STUDENT=ana: with images of that student alone)
	$(call need,NAME,which one: make homework NAME=hw1)
	$(call course,install)
	@$(RUN) -m course_utils.exercises start $(NAME) $(if $(STUDENT),--student "$(STUDENT)")

grade: ## grades a folder of notebooks (FOLDER=submissions OUT=grades.csv)
	$(call need,FOLDER,which folder: make grade FOLDER=submissions OUT=grades.csv)
	$(call need,OUT,where to: make grade FOLDER=submissions OUT=grades.csv)
	$(call course,install)
	@$(RUN) -m course_utils.exercises grade "$(FOLDER)" --out "$(OUT)"

test: install
	@$(MAKE) --no-print-directory suite

suite:
	$(call stage,ruff,$(RUN) -m ruff check . && $(RUN) -m ruff format --check .)
	$(call stage,unit tests and hygiene,$(RUN) -m pytest $(PARALLEL) tests)
	$(call stage,tiny copies,$(RUN) notebooks/build.py tiny)
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

notebooks: install ## runs the lessons whose code changed
	@$(RUN) notebooks/build.py build

bench: install ## the benchmarks of tests/bench
	@$(RUN) -m tests.bench

lock: install ## writes the exact versions of pyproject.toml's packages to requirements.lock
	@$(RUN) -m uv pip compile pyproject.toml --extra dev --universal --generate-hashes --python-version 3.11 \
		--no-header --no-annotate --quiet -o requirements.lock

clean: ## removes the environments and build/
	rm -rf build .venv .venv-jax .venv-colab
