# Every target does the set-up that it needs. `make help` lists them.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/bash

ifneq ($(words $(CURDIR)),1)
$(error The path '$(CURDIR)' has a space, which Snakemake cannot run scripts from; move the folder)
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
WORKERS ?= 3

.PHONY: help setup reproduce preview test lint bench peers report status resume verify provenance chaos claims gallery clean clean-all lock reference

help: ## list these commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

setup: $(READY) ## build .venv (everything else does it by itself)

$(READY): envs/lock.txt envs/setup.sh
	@envs/setup.sh $(VENV) envs/lock.txt

# A cluster's profile says itself how many jobs there may be; a name that Snakemake does not find, it ignores.
WHERE = $(if $(filter default,$(PROFILE)),--cores $(CORES),--workflow-profile $(dir $(PROFILE_FILE)))
PROFILE_FILE = $(or $(wildcard profiles/$(PROFILE)/profile.v9+.yaml),$(error PROFILE = '$(PROFILE)' must be one of: $(notdir $(wildcard profiles/*))))

reproduce: $(READY) ## every figure at the paper's scale; CORES=n, TARGETS="fig1 ...", PROFILE=slurm
	$(SNAKEMAKE) $(WHERE) -- $(TARGETS)

preview: $(READY) ## every figure at reduced scale, in minutes, in results/preview
	$(SNAKEMAKE) --cores $(CORES) --configfile config/preview.yaml -- $(TARGETS)

test: $(READY) ## all tests, three at a time; TESTS=tests/unit, WORKERS=n
	$(RUN) -m pytest -n $(WORKERS) --no-loadscope-reorder $(TESTS)

lint: $(READY) ## ruff, snakefmt and Snakemake's own lint
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/snakefmt --check Snakefile workflow/rules
	$(SNAKEMAKE) --lint

bench: $(READY) ## speed beside other ways to do the same, into docs/benchmarks.md; BENCH="--only signal"
	PYTHONPATH=workflow $(RUN) -m bench $(BENCH)

peers: $(READY) ## install PyTorch and JAX for `make bench`, in .venv-peers
	$(RUN) -m venv .venv-peers
	.venv-peers/bin/pip install --quiet torch==2.13.0 jax

report: $(READY) ## one page of all results, results/index.html, and Snakemake's report, results/report.zip
	$(SNAKEMAKE) --cores $(CORES) $(OPTIONS) -- all page
	$(SNAKEMAKE) --cores $(CORES) --report results/report.zip $(OPTIONS) -- all costs

status: $(READY) ## what is done, what remains, and how long it will take
	@PYTHONPATH=workflow $(RUN) -m failures.status $(SNAKEMAKE) $(STATUS)

resume: $(READY) ## go on after a kill, on a cluster too; PROFILE=slurm, OPTIONS="--configfile config/preview.yaml"
	@PYTHONPATH=workflow $(RUN) -m failures.resume $(SNAKEMAKE) $(WHERE) $(OPTIONS) -- $(TARGETS)

verify: $(READY) ## compare results with their records; remove what was damaged, to be made again
	@PYTHONPATH=workflow $(RUN) -m failures.audit verify

provenance: $(READY) ## how an artifact was made, from what: FILE=results/tables/fig1.csv
	@PYTHONPATH=workflow $(RUN) -m failures.audit chain "$(FILE)"

chaos: $(READY) ## kill a run at 25 random moments and compare what it ends with; KILLS=n
	KILLS=$(KILLS) $(RUN) -m pytest tests/faults/test_chaos.py

claims: $(READY) ## docs/claims.md, from the table of the claims
	PYTHONPATH=workflow $(RUN) -m failures.verdicts.page results/tables/claims.csv docs/claims.md

gallery: $(READY) ## docs/gallery, from the figures and the page of a finished run
	PYTHONPATH=tests $(RUN) tests/page/gallery.py

clean: ## remove figures and tables; keep everything that was trained
	rm -rf results/{,preview/,test/,paper/,*/paper/}{figures,tables,index.html} results/report.zip

clean-all: ## remove all results, trained models too
	find results -mindepth 1 ! -name README.md -delete

lock: ## refresh the locks from pyproject.toml (installs uv for it)
	envs/lock.sh

reference: $(READY) ## regenerate docs/configuration.md and the JSON schema
	PYTHONPATH=workflow $(RUN) -m failures.reference
