# Every target runs the set-up that it needs. `make help` lists the targets.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/bash

ifneq ($(words $(CURDIR)),1)
$(error path '$(CURDIR)' contains white space, so Snakemake cannot run its scripts; move the project folder)
endif

CORES ?= all
PROFILE ?= default
VENV := .venv
READY := $(VENV)/.ready
RUN := $(VENV)/bin/python
SNAKEMAKE := $(VENV)/bin/snakemake
TARGETS ?=
OPTIONS ?=
KILLS ?= 25
TESTS ?=
WORKERS ?=
# Marks of the tests that `make test` leaves to `make test-all` (pyproject.toml).
LONG := slow or cluster or chaos or browser
PYTEST = $(RUN) -m pytest --no-loadscope-reorder

.PHONY: help setup reproduce preview test test-all lint prose bench peers report status resume verify provenance chaos claims gallery clean clean-all lock reference

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

setup: $(READY) ## build the environment .venv; targets that need it do so themselves

$(READY): envs/lock.txt envs/setup.sh
	@envs/setup.sh $(VENV) envs/lock.txt

# A cluster profile sets the number of jobs itself. Snakemake ignores an unknown profile name, so it is checked here.
WHERE = $(if $(filter default,$(PROFILE)),--cores $(CORES),--workflow-profile $(dir $(PROFILE_FILE)))
PROFILE_FILE = $(or $(wildcard profiles/$(PROFILE)/profile.v9+.yaml),$(error PROFILE = '$(PROFILE)' must be one of: $(notdir $(wildcard profiles/*))))

reproduce: $(READY) ## build every figure at the paper's scale; CORES=n, TARGETS="fig1 ...", PROFILE=slurm
	$(SNAKEMAKE) $(WHERE) -- $(TARGETS)

preview: $(READY) ## build every figure at reduced scale in results/preview, in minutes
	$(SNAKEMAKE) --cores $(CORES) --config scale=preview -- $(TARGETS)

test: $(READY) ## run the quick tests: units, contracts, reruns, bad input, a small workflow; TESTS=tests/unit, WORKERS=n
	$(PYTEST) -n $(or $(WORKERS),2) -m "not ($(LONG))" $(TESTS)

test-all: test ## run all tests: `make test`, then the long ones; as root, installs Slurm, Grid Engine and Chromium with apt-get
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

bench: $(READY) ## measure speed against other implementations, into docs/benchmarks.md; BENCH="--only signal"
	PYTHONPATH=workflow $(RUN) -m benchmarks $(BENCH)

peers: $(READY) ## install PyTorch and JAX for `make bench` in .venv-peers
	$(RUN) -m venv .venv-peers
	.venv-peers/bin/pip install --quiet torch==2.13.0 jax

report: $(READY) ## write the results page, results/index.html, and Snakemake's report, results/report.zip
	$(SNAKEMAKE) --cores $(CORES) $(OPTIONS) -- all page
	$(SNAKEMAKE) --cores $(CORES) --report results/report.zip $(OPTIONS) -- all costs

status: $(READY) ## show finished and remaining jobs and the remaining time
	@PYTHONPATH=workflow $(RUN) -m failures.commands.status $(SNAKEMAKE) $(STATUS)

resume: $(READY) ## resume an interrupted run, also on a cluster; PROFILE=slurm, OPTIONS="--config scale=preview"
	@PYTHONPATH=workflow $(RUN) -m failures.commands.resume $(SNAKEMAKE) $(WHERE) $(OPTIONS) -- $(TARGETS)

verify: $(READY) ## compare all artifacts with their records and remove the damaged ones
	@PYTHONPATH=workflow $(RUN) -m failures.commands.audit verify

provenance: $(READY) ## print how and from which inputs an artifact was made; FILE=results/tables/fig1.csv
	@PYTHONPATH=workflow $(RUN) -m failures.commands.audit chain "$(FILE)"

chaos: $(READY) ## kill and resume a run at 25 random moments and compare its results with those of an uninterrupted run; KILLS=n
	KILLS=$(KILLS) $(RUN) -m pytest tests/faults/test_chaos.py

claims: $(READY) ## write docs/claims.md from the table of claims
	PYTHONPATH=workflow $(RUN) -m failures.reporting.claims.page results/tables/claims.csv docs/claims.md

gallery: $(READY) ## write docs/gallery.md and its pictures from a finished run; TARGETS="fig1 ..." updates these figures only
	PYTHONPATH=workflow:tests $(RUN) tests/page/gallery.py $(TARGETS)

# Results of every scale and variant; logs, benchmarks and provenance have folders of the same names, which stay.
SCALES = $(filter-out results/logs/ results/benchmarks/ results/provenance/,$(wildcard results/*/))

clean: ## remove figures and tables; keep trained models
	rm -rf $(foreach folder,results/ $(SCALES) $(addsuffix paper/,$(SCALES)),$(addprefix $(folder),figures tables index.html)) results/report.zip

clean-all: ## remove all results, including trained models
	find results -mindepth 1 ! -name README.md -delete

lock: ## refresh the lock files from pyproject.toml; installs uv temporarily
	envs/lock.sh

reference: $(READY) ## regenerate docs/configuration.md, the JSON schema and the columns in results/README.md
	PYTHONPATH=workflow $(RUN) -m failures.commands.reference && PYTHONPATH=workflow $(RUN) -m failures.commands.columns
