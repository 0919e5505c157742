# The front door. `make` alone tells every verb; nothing needs to be installed first.
SHELL := /bin/sh
MAKEFLAGS += --no-print-directory --no-builtin-rules
.DEFAULT_GOAL := help
unexport PYTHONDONTWRITEBYTECODE
# What somebody gives is text: make reads nothing into it, nor does a shell.
GIVEN := STUDY CHAPTER SET FROM TIMEOUT REFRESH QUARTO BUILD PARAMS EXPORTS ARGS
$(foreach name,$(GIVEN),$(eval override $(name) := $$(value $(name))))
export $(GIVEN)

VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready
TARGETED := $(strip $(STUDY)$(SET))
quoted = '$(subst ','\'',$(1))'
SIDE_BY_SIDE := --numprocesses auto --dist loadfile --no-loadscope-reorder
# What is dated in the future would never be made anew.
DATED_AHEAD := $(if $(shell find $(READY) -newermt now 2>/dev/null),FORCE)
blank := $(subst ,, )
PLAN := $(or $(subst $(blank),\ ,$(BUILD)),build)/plan$(if $(TARGETED),-$(shell printf '%s' $(call quoted,$(STUDY)|$(SET)) | cksum | cut -d' ' -f1)).mk

ifneq ($(shell case $(call quoted,$(BUILD)) in (*[!A-Za-z0-9._/+@,~\ -]*) echo no;; esac),)
$(error BUILD must be a path of letters, digits, blanks and . _ / + @ , ~ - alone; take another folder)
endif

.PHONY: help env lab tables notebooks report reports slides chapter status test test-quick check format expected bench lock quarto spark new validate audit export clean FORCE

help:  ## tell the verbs (this page)
	@echo 'make VERB [STUDY=name] [SET="key=value …"]'; echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-10s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))
	@echo; printf '  Studies:'; for file in params/*.yml; do name=$${file#params/}; name=$${name%.yml}; \
	  case $$name in *[!a-z0-9_]*) ;; *) printf ' %s' "$$name";; esac; done; echo '.  Try first: make reports'

env: $(READY)  ## make the Python environment (.venv) from requirements.lock

$(READY): requirements.lock src/reporting/environment.py $(DATED_AHEAD)
	@command -v python3 >/dev/null || { echo 'python3 must be on PATH, but is not; install Python 3.11 to 3.13 (Debian, Ubuntu: apt install python3 python3-venv)' >&2; exit 1; }
	@python3 src/reporting/environment.py $(VENV)

lab: $(READY)  ## open the notebooks in JupyterLab: ARGS="--port 9000" goes to it
	@$(PY) -m reporting.lab

tables:  ## check the data of every study (or STUDY=…) and write its frames
notebooks:  ## run every notebook of every study (or STUDY=…)
reports:  ## make every report, HTML and PDF, and the list of all: build/site/index.html
report:  ## make one report: STUDY=cdnow; with SET="lapse_weeks=26" a variant beside it
slides:  ## make the slides of one report: STUDY=cdnow
chapter:  ## run and render one chapter alone: STUDY=cdnow CHAPTER=retention
status:  ## tell what is made of each study (or STUDY=…), what is stale and why; runs nothing

ifneq ($(filter tables notebooks report reports chapter expected status,$(MAKECMDGOALS)),)
# The process of this make, with which the server of its steps ends.
export WARM := $(shell echo $$PPID)
export GOALS := $(MAKECMDGOALS)
ifneq ($(filter report,$(MAKECMDGOALS)),)
ifeq ($(STUDY),)
$(error make report needs a study: make report STUDY=cdnow)
endif
endif
ifneq ($(filter chapter,$(MAKECMDGOALS)),)
ifeq ($(and $(STUDY),$(CHAPTER)),)
$(error make chapter needs a study and a chapter: make chapter STUDY=cdnow CHAPTER=retention)
endif
endif
# A broken study speaks for itself and holds nobody else up.
MAKEFLAGS += --keep-going
# A plan that was cut short is none: make would stop at it before it is made anew.
ifneq ($(shell tail -n 1 -- $(PLAN) 2>/dev/null),PLANNED := whole)
$(shell rm -f -- $(PLAN))
endif
include $(PLAN)
# A plan that was just made is not made again when make reads itself anew.
$(PLAN): $(if $(MAKE_RESTARTS)$(STEPS_ASKED),,FORCE) | $(READY)
	@$(PY) -m reporting.plan $(call quoted,$@)
status:
	@$(PY) -m reporting.status $(call quoted,$(subst \ ,$(blank),$(PLAN)))
endif

slides: $(READY)
ifeq ($(STUDY),)
	$(error make slides needs a study: make slides STUDY=cdnow)
endif
	@$(MAKE) report && $(PY) -m reporting.slides

new: $(READY)  ## propose a params file for your own tables: STUDY=acme FROM=path
	@$(PY) -m reporting.commands new

validate: $(READY)  ## print every fault in a study's data: STUDY=acme
	@$(PY) -m reporting.commands validate

audit: $(READY)  ## attack a finished report as an intruder would, and tell what it gave away: STUDY=acme
	@$(PY) -m reporting.commands audit

export: $(READY)  ## list the customers with stage, tier and reason (exports/, not in git): STUDY=acme
	@$(PY) -m reporting.export

test: $(READY)  ## run every test, files side by side on the cores
	@$(PY) -m pytest $(SIDE_BY_SIDE)

test-quick: $(READY)  ## run the tests that make no report, need no server and are soon over
	@$(PY) -m pytest $(SIDE_BY_SIDE) -m "not whole and not long"

format: $(READY)  ## lay out code and notebooks as the project does
	@$(PY) -m ruff check --fix --quiet . ; $(PY) -m ruff format .

check: $(READY)  ## look over code, notebooks and report sources without running them
	@$(PY) -m ruff check . && $(PY) -m ruff format --check .
	@$(PY) -m reporting.sources

expected: reports  ## store what the reports say now (tests/expected): review the difference
	@PYTHONPATH=tests $(PY) tests/reporting/test_expected.py

bench: $(READY)  ## time the methods against their peers, side by side
	@for script in bench/bench_*.py; do $(PY) $$script || exit 1; done

quarto spark: $(READY)
	@python3 src/reporting/environment.py $(VENV) $@
quarto:  ## bring real Quarto into the environment, where its download can be reached
spark:  ## bring Spark into the environment (half a gigabyte; needs Java 17)

lock: $(READY)  ## pin the dependencies of pyproject.toml anew (needs uv)
	@command -v uv >/dev/null || { echo "make lock needs uv on PATH; pip install uv" >&2; exit 1; }
	@uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --custom-compile-command "make lock" --extra dev --quiet pyproject.toml -o requirements.lock
	@echo 'pyspark[connect]>=4,<5' | uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --constraint requirements.lock --custom-compile-command "make lock" --no-annotate --quiet - -o requirements-spark.lock

clean:  ## remove everything generated (the environment stays)
	@rm -rf build

FORCE:

.DEFAULT:
	@python3 src/reporting/verbs.py $(call quoted,$@) $(firstword $(MAKEFILE_LIST))
