# make lab       opens the course (make lab ARGS=--no-browser where there is no display)
# make test      what must hold, about eight minutes on two cores
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

NBVAL := --nbval-lax --nbval-current-env --nbval-cell-timeout=300 --nbval-kernel-startup-timeout=120 -p tests.stop_after_failure
# three on two cores: tests that wait, for a process or a server, leave a core idle; each with one thread, or they wait for each other
PARALLEL := -n 3 --dist loadscope
TESTING := suite tiny colab test-jax test-processors
$(TESTING): export OMP_NUM_THREADS = 1
$(TESTING): export TF_NUM_INTRAOP_THREADS = 1
$(TESTING): export TF_NUM_INTEROP_THREADS = 1
# the tiny copies find small sets here, after the real ones in COURSE_DATA
SETS := build/sets
tiny: export COURSE_DATA := $(COURSE_DATA):$(SETS)

# $(call course,arguments) runs lab.py
define course
	@python="$(PYTHON)"; [ -n "$$python" ] || { echo "The course needs Python $(SUPPORTED: =, ) with its venv module, and none was found."; exit 1; }; \
	"$$python" lab.py $(1)
endef

# $(call need,VARIABLE,words) ends with the words if the variable is empty
need = @[ -n "$($(1))" ] || { echo "Say $(2)"; exit 1; }

.PHONY: help lab install list-data data get-data check-data homework grade test test-all suite tiny test-jax test-colab test-colab-sample \
	colab test-processors notebooks bench lock clean

help: ## these lines
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-18s %s\n", $$1, $$2}' Makefile

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

grade: ## grades a folder of notebooks (FOLDER=submissions OUT=grades.csv; more in ARGS)
	$(call need,FOLDER,which folder: make grade FOLDER=submissions OUT=grades.csv)
	$(call need,OUT,where to: make grade FOLDER=submissions OUT=grades.csv)
	$(call course,install)
	@$(RUN) -m course_utils.exercises grade "$(FOLDER)" --out "$(OUT)" $(ARGS)

test: install ## what must hold; of what is exhaustive a sample
	@$(MAKE) --no-print-directory suite tiny

test-all: install ## the same with all that is exhaustive
	@$(MAKE) --no-print-directory suite tiny ALL=--all

suite: ## of make test: style, unit tests and hygiene
	$(call stage,ruff,$(RUN) -m ruff check . && $(RUN) -m ruff format --check .)
	$(call stage,unit tests and hygiene,$(RUN) -m pytest $(PARALLEL) $(ALL) tests)

tiny: ## of make test: every lesson and homework at tiny size
	@rm -f data/encoders/tiny.*  # lesson 11 keeps it; what a newer Keras saved, an older one cannot load
	$(call stage,small data sets,$(RUN) -m tests.small_sets $(SETS))
	$(call stage,tiny copies,$(RUN) -m notebooks.build tiny)
	$(call stage,notebooks,$(RUN) -m pytest $(PARALLEL) $(NBVAL) --durations=10 build/tiny)

# TensorFlow's kernels differ from processor to processor, so the same seed trains other weights; what is learned must be learned on each
TRAINING = $(RUN) -m pytest $(PARALLEL) -m trains --seeds 3 tests
test-processors: install ## the tests that train, on four kinds of processor with three seeds
	$(call stage,SSE4.1,ONEDNN_MAX_CPU_ISA=SSE41 $(TRAINING))
	$(call stage,AVX2,ONEDNN_MAX_CPU_ISA=AVX2 $(TRAINING))
	$(call stage,this processor,$(TRAINING))
	$(call stage,without oneDNN,TF_ENABLE_ONEDNN_OPTS=0 $(TRAINING))

test-jax: .venv-jax ## course_utils on JAX, in an environment that holds no TensorFlow
	@.venv-jax/bin/python -c "import importlib.util as u, sys; sys.exit('TensorFlow is in .venv-jax' if u.find_spec('tensorflow') else 0)"
	$(call stage,course_utils on JAX,KERAS_BACKEND=jax .venv-jax/bin/python -m pytest $(PARALLEL) \
		$(filter-out $(addprefix tests/test_,arrows.py browser.py build.py data_scripts.py lab.py making.py notebooks.py readme.py setup.py),$(wildcard tests/test_*.py tests/exercises/test_*.py)))

test-colab: .venv-colab ## the whole suite on the versions that Colab has
	@$(MAKE) --no-print-directory suite tiny VENV=.venv-colab

test-colab-sample: .venv-colab ## of that: every kind of network built, fitted, saved and loaded, and all lessons
	@$(MAKE) --no-print-directory colab tiny VENV=.venv-colab

colab: ## of make test-colab-sample: the networks
	$(call stage,networks on the versions of Colab,$(RUN) -m pytest $(PARALLEL) tests/test_any_size.py \
		tests/test_backbones.py tests/test_versions.py)

# other environments than the students', in words of pip install
JAX := .venv-jax --editable ".[jax,test]"
COLAB := .venv-colab --constraint tests/colab.txt --editable ".[tensorflow,test]"
.PHONY: .venv-jax .venv-colab
.venv-jax:
	$(call course,install $(JAX))
.venv-colab: SUPPORTED := 3.13
.venv-colab:
	$(call course,install $(COLAB))

notebooks: install ## runs the lessons whose code changed
	@$(RUN) -m notebooks.build build

bench: install ## the benchmarks of tests/bench
	@$(RUN) -m tests.bench

lock: install ## writes the exact versions of pyproject.toml's packages to requirements.lock
	@$(RUN) -m uv pip compile pyproject.toml --extra dev --universal --generate-hashes --python-version 3.11 \
		--no-header --no-annotate --quiet -o requirements.lock

clean: ## removes the environments and build/
	rm -rf build .venv .venv-jax .venv-colab
