# Every target runs the set-up that it needs. `make help` lists the targets.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/bash

# The other paths that cannot work are in workflow/failures/config/launch.py.
ifneq ($(words $(CURDIR))$(strip $(foreach character,{ } :,$(findstring $(character),$(CURDIR)))),1)
$(error path '$(CURDIR)' contains white space, a brace or a colon, which the workflow does not support; move the project folder)
endif

VENV := .venv
READY := $(VENV)/.ready
RUN := $(VENV)/bin/python
SNAKEMAKE := $(VENV)/bin/snakemake
# Marks of the tests that `make test` leaves to `make test-all` (pyproject.toml).
LONG := slow or cluster or chaos or browser
PYTEST = $(RUN) -m pytest --no-loadscope-reorder

# Variables of the command line; `make help` explains them. Those that decide results are not read from the environment.
CONFIGURATION := SCALE VARIANT CONFIG
WORDS := $(CONFIGURATION) TARGETS CORES PROFILE OPTIONS FILE TESTS WORKERS KILLS BENCH PYTHON VENV
IGNORED := $(strip $(foreach word,$(CONFIGURATION) TARGETS PROFILE OPTIONS,$(if $(filter environment,$(origin $(word))),$(word))))
ifneq ($(IGNORED),)
$(info The environment variables $(IGNORED) are ignored: give them as arguments, such as `make preview TARGETS=fig1`.)
endif
SCALE :=
VARIANT :=
CONFIG :=
TARGETS :=
PROFILE := default
OPTIONS :=
CORES ?= all
KILLS ?= 25
TESTS ?=
WORKERS ?=

# Which targets read which variables. Nothing that is given is ignored in silence.
RUNS := reproduce preview plan report status resume
PAGES := claims gallery
reads = PYTHON VENV $(if $(filter $(RUNS),$1),$(CONFIGURATION) TARGETS CORES PROFILE OPTIONS) $(if $(filter $(PAGES),$1),$(CONFIGURATION)) \
	$(if $(filter gallery,$1),TARGETS) $(if $(filter test test-all,$1),TESTS WORKERS) $(if $(filter chaos,$1),KILLS) \
	$(if $(filter bench,$1),BENCH) $(if $(filter provenance,$1),FILE)
GIVEN := $(foreach name,$(.VARIABLES),$(if $(filter command,$(firstword $(origin $(name)))),$(filter-out -*,$(name))))
GOALS := $(or $(MAKECMDGOALS),help)
TAKEN := $(if $(filter help,$(GOALS)),$(WORDS),$(call reads,$(GOALS)))
# Words of a list that contain a word or are contained in it, in upper or lower case; all words if there are none.
near = $(or $(strip $(foreach name,$2,$(if $(findstring $(call upper,$1),$(call upper,$(name)))$(findstring $(call upper,$(name)),$(call upper,$1)),$(name)))),$2)
upper = $(shell echo '$1' | tr a-z A-Z)
refuse = $(error $1 = '$($1)': $(strip $2))
$(foreach name,$(filter-out $(WORDS),$(GIVEN)),$(call refuse,$(name),unknown variable; did you mean one of: $(strip $(call near,$(name),$(WORDS)))))
$(foreach name,$(filter-out $(TAKEN),$(GIVEN)),$(call refuse,$(name),`make $(GOALS)` does not read it; it reads $(TAKEN)))
$(if $(filter-out default,$(PROFILE)),$(if $(filter CORES,$(GIVEN)),$(call refuse,CORES,the profile $(PROFILE) sets the number of jobs itself; leave CORES out)))

nondigits = $(subst 0,,$(subst 1,,$(subst 2,,$(subst 3,,$(subst 4,,$(subst 5,,$(subst 6,,$(subst 7,,$(subst 8,,$(subst 9,,$1))))))))))
whole = $(if $(call nondigits,$(subst $() ,x,$1)),,$1)
positive = $(if $(subst 0,,$(call whole,$1)),$1)
$(if $(filter-out all,$(or $(CORES),''))$(word 2,$(CORES)),$(if $(call positive,$(CORES)),,$(call refuse,CORES,must be `all` or a whole number of at least 1)))
$(foreach name,KILLS WORKERS,$(if $($(name)),$(if $(call whole,$($(name))),,$(call refuse,$(name),must be a whole number))))
$(if $(filter preview,$(GOALS)),$(if $(filter-out preview,$(SCALE)),$(call refuse,SCALE,`make preview` has the scale preview; run `make reproduce SCALE=$(SCALE)`)))
$(foreach file,$(CONFIG),$(if $(wildcard $(file)),,$(call refuse,CONFIG,there is no file $(file))))

.PHONY: help setup reproduce preview plan test test-all lint prose bench peers report status resume verify provenance chaos claims gallery clean clean-all lock reference

help: ## list the targets and variables
	@echo "Usage: make TARGET [VARIABLE=value ...]"
	@echo
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14
	@echo
	@grep -hE '^#: ' $(MAKEFILE_LIST) | sed -E 's/^#: ([A-Z]*) +/\1\t/' | expand -t 14

# Lines of `make help` on variables.
#: SCALE        size of the run: full (default), preview, test or a scale of your own
#: VARIANT      code (default), or paper for the settings of the paper's text
#: CONFIG       your overlays, the last one on top: CONFIG="first.yaml second.yaml"
#: TARGETS      figures, families or files: TARGETS="fig1 parity"; by default all figures
#: CORES        number of cores, or all (default)
#: PROFILE      folder of profiles/: default, slurm, ...
#: OPTIONS      further options of Snakemake: OPTIONS="--directory ../elsewhere --keep-going"
#:              reproduce, preview, plan, report, status and resume read the seven variables above;
#:              gallery reads SCALE, VARIANT, CONFIG and TARGETS, and claims the first three
#: FILE         file whose origin `make provenance` prints
#: TESTS        files or folders of tests, for test and test-all: TESTS=tests/unit
#: WORKERS      number of processes of test and test-all
#: KILLS        number of kills of chaos, 25 by default
#: BENCH        options of bench: BENCH="--only signal"
#: PYTHON       interpreter for a new environment: PYTHON=/usr/bin/python3.12
#: VENV         folder of the environment, .venv by default

setup: $(READY) ## build the environment .venv; targets that need it do so themselves

# If the project was moved or the Python of .venv is gone, the scripts in .venv/bin name an interpreter that is missing.
USABLE = $(shell test -x "$$(sed -n '1s/^.!//p' $(SNAKEMAKE) 2>/dev/null)" && echo yes)
FORCE:

$(READY): envs/lock.txt envs/setup.sh envs/build.py $(if $(USABLE),,FORCE)
	@envs/setup.sh $(VENV) envs/lock.txt

# A cluster profile sets the number of jobs itself. Snakemake ignores an unknown profile name, so it is checked here.
PROFILE_FILE = $(or $(wildcard profiles/$(PROFILE)/profile.v9+.yaml),$(error PROFILE = '$(PROFILE)' must be one of: $(notdir $(wildcard profiles/*))))
WHERE = $(if $(filter default,$(PROFILE)),--cores $(CORES),--workflow-profile $(dir $(PROFILE_FILE)))
SETTINGS = $(if $(CONFIG),--configfile $(CONFIG)) $(if $(SCALE)$(VARIANT),--config $(SCALE:%=scale=%) $(VARIANT:%=variant=%))

reproduce: $(READY) ## build every figure at the paper's scale
	$(SNAKEMAKE) $(WHERE) $(SETTINGS) $(OPTIONS) -- $(TARGETS)

preview: SCALE := preview
preview: $(READY) ## build every figure at reduced scale in results/preview, in minutes
	$(SNAKEMAKE) $(WHERE) $(SETTINGS) $(OPTIONS) -- $(TARGETS)

plan: $(READY) ## show which jobs a run would start, and why; runs nothing
	@PYTHONPATH=workflow $(RUN) -m failures.commands.plan $(SNAKEMAKE) $(WHERE) $(SETTINGS) $(OPTIONS) -- $(TARGETS)

test: $(READY) ## run the quick tests: units, contracts, reruns, bad input, a small workflow
	$(PYTEST) -n $(or $(WORKERS),2) -m "not ($(LONG))" $(TESTS)

test-all: test ## run all tests; as root, install Slurm, Grid Engine and Chromium for them with apt-get
	@echo "Slurm, Grid Engine and Chromium are installed with apt-get where they are missing and this runs as root; otherwise their tests are skipped."
# Jobs of the cluster wait a lot, so three processes keep two cores busy.
	$(PYTEST) -n $(or $(WORKERS),3) -m "$(LONG)"

lint: $(READY) prose ## check style, wording and rules (ruff, snakefmt, snakemake --lint, textlint)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/snakefmt --check Snakefile workflow/rules
	$(SNAKEMAKE) --lint

# Texts for users. CHANGELOG.md may speak of the past; benchmarks.md contains the notes, gallery.md the captions.
TEXTS = $(filter-out CHANGELOG.md docs/benchmarks_notes.md docs/gallery.md,$(wildcard *.md docs/*.md)) $(wildcard docs/decisions/*.md workflow/resources/*/README.md) \
	results/README.md config/README.md workflow/claims.yaml $(wildcard workflow/failures/*/*/page.yaml workflow/failures/*/*/figures/*.rst) \
	workflow/failures/reporting/costs/figure.rst
TEXTLINT := envs/prose/node_modules/.bin/textlint

prose: ## check the wording of texts (textlint); skipped where Node.js is not installed
	@if command -v npm > /dev/null; then \
		$(MAKE) --no-print-directory $(TEXTLINT) && $(TEXTLINT) --config envs/prose/textlintrc.json -f unix $(TEXTS); \
	else echo "prose: skipped, because Node.js (npm) is not installed"; fi

$(TEXTLINT): envs/prose/package-lock.json
	npm ci --prefix envs/prose --silent --no-audit --no-fund
	@touch $@

bench: $(READY) ## measure speed against other implementations, into docs/benchmarks.md
	PYTHONPATH=workflow $(RUN) -m benchmarks $(BENCH)

peers: $(READY) ## install PyTorch and JAX for `make bench` in .venv-peers
	$(RUN) -m venv .venv-peers
	.venv-peers/bin/pip install --quiet torch==2.13.0 jax

report: $(READY) ## write the page of results, index.html, and Snakemake's report, results/report.zip
	$(SNAKEMAKE) $(WHERE) $(SETTINGS) $(OPTIONS) -- $(or $(TARGETS),all page)
	$(SNAKEMAKE) $(WHERE) $(SETTINGS) $(OPTIONS) --report results/report.zip -- $(or $(TARGETS),all costs)

status: $(READY) ## show finished and remaining jobs and the remaining time
	@PYTHONPATH=workflow $(RUN) -m failures.commands.status $(SNAKEMAKE) $(WHERE) $(SETTINGS) $(OPTIONS) -- $(TARGETS)

# Only what is given: the other options are those of the interrupted run.
CHANGED = $(if $(filter command,$(firstword $(origin PROFILE)) $(firstword $(origin CORES))),$(WHERE))
resume: $(READY) ## continue the interrupted run, here or on a cluster
	@PYTHONPATH=workflow $(RUN) -m failures.commands.resume $(SNAKEMAKE) $(CHANGED) $(SETTINGS) $(OPTIONS) -- $(TARGETS)

verify: $(READY) ## compare all artifacts with their records and remove the damaged ones
	@PYTHONPATH=workflow $(RUN) -m failures.commands.audit verify

provenance: $(READY) ## print how FILE was made and from which inputs
	@PYTHONPATH=workflow $(RUN) -m failures.commands.audit chain "$(FILE)"

chaos: $(READY) ## kill and resume a run at random moments; compare its results with an uninterrupted run
	KILLS=$(KILLS) $(RUN) -m pytest tests/faults/test_chaos.py

claims: $(READY) ## write docs/claims.md from a finished run; other scales: docs/ in their results
	@PYTHONPATH=workflow $(RUN) -m failures.commands.claims $(SETTINGS)

gallery: $(READY) ## write docs/gallery.md and its pictures from a finished run; likewise
	@PYTHONPATH=workflow:tests $(RUN) tests/page/gallery.py $(SETTINGS) -- $(TARGETS)

# Results of every scale and variant; logs, benchmarks and provenance have folders of the same names, which stay.
clean: ## remove figures and tables; keep trained models
	@for folder in results results/* results/*/paper; do \
		case $$folder/ in results/logs/* | results/benchmarks/* | results/provenance/*) continue ;; esac; \
		rm -rf "$$folder/figures" "$$folder/tables" "$$folder/docs" "$$folder/index.html"; \
	done
	rm -f results/report.zip

# The slash follows results/ where it is a symbolic link. Of a link inside it, only the link is removed.
clean-all: ## remove all results, including trained models
	@[ ! -d results ] || find results/ -type l -exec sh -c 'echo "$$1 is a link; its target stays: $$(readlink "$$1")"' - {} \;
	[ ! -d results ] || find results/ -mindepth 1 ! -path results/README.md -delete

lock: ## refresh the lock files from pyproject.toml; installs uv temporarily
	envs/lock.sh

reference: $(READY) ## regenerate docs/configuration.md, the JSON schema and the columns in results/README.md
	PYTHONPATH=workflow $(RUN) -m failures.commands.reference && PYTHONPATH=workflow $(RUN) -m failures.commands.columns
