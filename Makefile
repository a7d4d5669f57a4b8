# make up · make test · make down; `make help` lists the rest.
STACK ?= traditional
# How many servers the lab has; empty leaves it as the stack's configuration says.
SERVERS ?=
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
# An archive of `make bundle`: everything comes from there, and nothing from the network.
BUNDLE ?=

ifneq ($(BUNDLE),)
export BAREPLANE_MIRROR := $(CURDIR)/.bundle/mirror
export PIP_NO_INDEX := 1
export PIP_FIND_LINKS := $(CURDIR)/.bundle/wheels
$(VENV)/ready: .bundle/SHA256SUMS
endif

.DEFAULT_GOAL := help
.PHONY: help setup toolchain lab up bundle down recover env test unit provider e2e lint conformance soak bench contention clean

help: ## what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

setup: $(VENV)/ready ## the Python environment of this clone

.bundle/SHA256SUMS: $(BUNDLE)
	@scripts/unpack-bundle.sh $(BUNDLE) .bundle
	@touch $@

$(VENV)/ready: pyproject.toml
	@scripts/system-packages.sh $(PYTHON)=python3
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed, this is " + sys.version)'
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || scripts/system-packages.sh ensurepip=python3-venv
	@echo "== Python environment in $(VENV)" >&2
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --editable '.[dev]' >$(VENV)/pip.log 2>&1 || { tail -n 20 $(VENV)/pip.log >&2; exit 1; }
	@touch $@

toolchain: $(VENV)/ready ## pulumi, and the binaries and images a traditional stack installs, into the cache
	@scripts/system-packages.sh zstd=zstd ssh=openssh-client ip=iproute2 \
		gcc=gcc /usr/include/stdio.h=libc6-dev pkg-config=pkg-config /usr/include/seccomp.h=libseccomp-dev
	@$(BIN)/python -m bareplane_provider.catalog fetch --group toolchain
	@$(if $(BUNDLE),,$(BIN)/python -m bareplane_provider.catalog fetch --group traditional)

lab: $(VENV)/ready ## servers simulated on this computer
	@scripts/system-packages.sh dockerd=docker.io mmdebstrap=mmdebstrap iptables=iptables ssh=openssh-client ip=iproute2
	@$(BIN)/python -m bareplane_lab up --servers $(or $(SERVERS),3) --directory .lab

up: toolchain ## servers, and a Kubernetes cluster on them: make up STACK=traditional SERVERS=3
	@scripts/stack.sh up $(STACK) $(SERVERS)

bundle: toolchain ## all that a stack takes from outside, in one archive: make bundle STACK=rack; make up STACK=rack BUNDLE=…
	@scripts/bundle.sh $(STACK) $(or $(OUTPUT),bareplane-$(STACK).tar)

down: $(VENV)/ready ## pulumi destroy, and the lab stopped
	@scripts/stack.sh down $(STACK) $(SERVERS)

recover: $(VENV)/ready ## after a run was killed: say what it left, and make the stack usable again
	@scripts/stack.sh recover $(STACK) $(SERVERS)

env: $(VENV)/ready ## what a shell needs for pulumi: eval "$$(make -s env)"
	@scripts/environment.sh

lint: $(VENV)/ready ## ruff and pyright
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/pyright

unit: $(VENV)/ready ## tests that need nothing but ssh-keygen
	@scripts/system-packages.sh ssh-keygen=openssh-client
	@$(BIN)/pytest -q tests/unit $(ARGS)

provider: toolchain ## tests that need an sshd, which they start
	@scripts/system-packages.sh /usr/sbin/sshd=openssh-server dockerd=docker.io mmdebstrap=mmdebstrap
	@$(BIN)/pytest -q tests/provider tests/lab $(ARGS)

e2e: toolchain ## tests of whole clusters in the lab
	@scripts/system-packages.sh dockerd=docker.io mmdebstrap=mmdebstrap iptables=iptables
	@$(BIN)/pytest -q tests/e2e $(ARGS)

test: lint unit provider e2e ## all of it

conformance: toolchain ## every kind through the checks that all kinds must pass, as a table
	@scripts/system-packages.sh /usr/sbin/sshd=openssh-server dockerd=docker.io mmdebstrap=mmdebstrap
	@$(BIN)/pytest -q tests/provider/conformance tests/unit/injection tests/provider/injection $(ARGS)

soak: toolchain ## the same with every fact, fault and hostile string, for half an hour or more; writes docs/conformance.md
	@scripts/system-packages.sh /usr/sbin/sshd=openssh-server dockerd=docker.io mmdebstrap=mmdebstrap
	@scripts/soak.sh $(ARGS)

bench: toolchain ## pulumi up beside a plain script with kubeadm on the same servers
	@scripts/system-packages.sh dockerd=docker.io mmdebstrap=mmdebstrap iptables=iptables
	@$(BIN)/python -m bench

contention: toolchain ## five apps as processes on one server, one of them burning: how long the others take
	@$(BIN)/python -m bench.contention

clean: ## this clone's environment and caches of tools
	@rm -rf $(VENV) .pytest_cache .ruff_cache
