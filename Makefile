# `make help` lists the targets. Cargo decides what is out of date; nothing here keeps stamps.

PREFIX     ?= /usr/local
SYSCONFDIR ?= /etc
STATEDIR   ?= /var/lib/pjsua-agent
DESTDIR    ?=

CARGO   ?= cargo
INSTALL ?= install
# What demo, tests and benchmarks run with.
MODELS := --for tiny
RELEASE := $(or $(CARGO_TARGET_DIR),target)/release

PROGRAMS := pjsua-agent pjsua-agent-stt pjsua-agent-llm pjsua-agent-tts

BIN      := $(DESTDIR)$(PREFIX)/bin
LIB      := $(DESTDIR)$(PREFIX)/lib
CONF     := $(DESTDIR)$(SYSCONFDIR)/pjsua-agent
# Where the installed units look; the paths without DESTDIR.
RELOCATE := sed -e 's|/usr/local/bin/|$(PREFIX)/bin/|' -e 's|/etc/pjsua-agent|$(SYSCONFDIR)/pjsua-agent|g'

.DEFAULT_GOAL := help
.PHONY: help demo test bench eval build install uninstall lint fuzz sanitize fmt clean rust deps deps-build sources models asterisk
# apt and cargo lock anyway; the order of prerequisites is their order in time.
.NOTPARALLEL:

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The demo answers by rules: llama.cpp, which takes as long to compile as all the rest, is left out, and so are benchmarks.
demo: deps sources ## build, and hear a caller talk to the demo agent; recording and journal in target/demo
	$(CARGO) build --release --locked --no-default-features $(PROGRAMS:%=-p %) $(PROGRAMS:%=--bin %) -p tests --bin demo
	@$(MAKE) --no-print-directory models
	@$(RELEASE)/demo

test: deps sources asterisk ## build, and run every test: units, then end to end against Asterisk and SIPp
	$(CARGO) build --release --locked --workspace
	@$(MAKE) --no-print-directory models
	@$(RELEASE)/pjsua-agent models pull smollm2-135m whisper-base
	@scripts/run-tests

bench: deps sources asterisk ## measure latency, turn-taking, pacing, CPU and memory; writes docs/benchmarks
	$(CARGO) build --release --locked --workspace
	@$(MAKE) --no-print-directory models
	@$(RELEASE)/bench

eval: deps sources ## ask three agents 259 questions, by rules and by models; writes docs/benchmarks/evaluation*.md
	$(CARGO) build --release --locked --workspace
	@$(RELEASE)/pjsua-agent models pull smollm2-135m qwen2.5-0.5b
	@$(MAKE) --no-print-directory models
	@$(RELEASE)/eval
	@$(RELEASE)/eval --aloud --answerers rules,smollm2-135m

build: sources ## the daemon and its workers, in target/release
	$(CARGO) build --release --locked $(PROGRAMS:%=-p %)

# What a fresh machine lacks. Each says what it does, and does nothing when there is nothing to do.
rust:
	@command -v $(CARGO) >/dev/null || { echo "cargo is missing: install Rust from https://rustup.rs" >&2; exit 1; }

deps: rust
	@scripts/install-deps

deps-build: rust
	@scripts/install-deps build run

sources: deps-build
	@vendor/fetch-pjsip

# What listens and speaks. Verified, and fetched once.
models: ## fetch the models of demo and tests, with the agent's own `models pull`
	@$(RELEASE)/pjsua-agent models pull $(MODELS)

# The suites skip loudly without Asterisk, and fail without it when CI=true.
asterisk:
	@vendor/fetch-asterisk >/dev/null || [ "$$CI" != true ]

install: ## programs, configuration, systemd units: PREFIX (/usr/local), SYSCONFDIR (/etc), DESTDIR
	@for program in $(PROGRAMS); do test -x $(RELEASE)/$$program || { echo "$(RELEASE)/$$program is missing: run make build first" >&2; exit 1; }; done
	@# The demo's has no llama.cpp.
	@$(RELEASE)/pjsua-agent-llm version | grep -q llama || { echo "$(RELEASE)/pjsua-agent-llm was built for the demo, without llama.cpp: run make build first" >&2; exit 1; }
	$(INSTALL) -d $(BIN) $(LIB)/systemd/system $(LIB)/sysusers.d $(LIB)/tmpfiles.d
	$(INSTALL) -m 755 $(PROGRAMS:%=$(RELEASE)/%) $(BIN)
	$(RELOCATE) systemd/pjsua-agent.service >$(LIB)/systemd/system/pjsua-agent.service
	$(RELOCATE) systemd/pjsua-agent.sysusers >$(LIB)/sysusers.d/pjsua-agent.conf
	$(RELOCATE) systemd/pjsua-agent.tmpfiles >$(LIB)/tmpfiles.d/pjsua-agent.conf
	$(INSTALL) -d $(CONF)/agents
	sed 's|^dir = "journal"|dir = "$(STATEDIR)/journal"|' conf/pjsua-agent.toml >$(CONF)/pjsua-agent.toml.new
	$(INSTALL) -m 644 conf/agents/demo.toml $(CONF)/agents/demo.toml.new
	chmod 640 $(CONF)/pjsua-agent.toml.new
	@# Never over what an operator has written: the new version then lies beside it.
	@for file in pjsua-agent.toml agents/demo.toml; do \
	    if test -e $(CONF)/$$file && ! cmp -s $(CONF)/$$file $(CONF)/$$file.new; \
	    then echo "kept your $(CONF)/$$file; the new one is $$file.new"; \
	    else mv $(CONF)/$$file.new $(CONF)/$$file; fi; \
	done
	@test -n "$(DESTDIR)" || printf '%s\n' "Next, as root:" \
	    "  systemd-sysusers && systemd-tmpfiles --create && systemctl daemon-reload" \
	    "  $(PREFIX)/bin/pjsua-agent check --config $(SYSCONFDIR)/pjsua-agent/pjsua-agent.toml" \
	    "  systemctl enable --now pjsua-agent"

uninstall: ## takes programs and units away; configuration and journals stay
	rm -f $(PROGRAMS:%=$(BIN)/%) $(LIB)/systemd/system/pjsua-agent.service
	rm -f $(LIB)/sysusers.d/pjsua-agent.conf $(LIB)/tmpfiles.d/pjsua-agent.conf
	@echo "$(CONF) and $(STATEDIR) stay"

lint: ## formatting, clippy, and cargo-deny where it is installed
	$(CARGO) fmt --all --check
	$(CARGO) clippy --release --locked --workspace --all-targets -- -D warnings
	@if command -v cargo-deny >/dev/null; then $(CARGO) deny check; else echo "cargo-deny is not installed: licences and advisories were not checked"; fi

# The same walks each time, up to a minute each; FUZZ_SECONDS: random ones, so long, from what was learnt before.
fuzz: sources ## feed odd messages to what reads SIP, and odd events to the conversation
	@for target in $$(scripts/fuzz --list); do scripts/fuzz $$target $(FUZZ_SECONDS) || exit; done

sanitize: rust ## Miri and ThreadSanitizer over what the threads of a call share; needs a nightly toolchain
	@scripts/sanitize

fmt: ## formats all code
	$(CARGO) fmt --all

clean: ## what was built; the fetched sources stay
	$(CARGO) clean
