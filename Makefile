# Two commands do everything on a fresh machine: make run, make test.
SHELL := /bin/bash
.DEFAULT_GOAL := help
GO ?= go
LINT := $(GO) tool -modfile=.ci/lint/go.mod golangci-lint
TESTS := $(GO) tool -modfile=.ci/test/go.mod gotestsum --format pkgname-and-test-fails --format-hide-empty-pkg
RELEASE := $(GO) tool -modfile=.ci/release/go.mod goreleaser
REVISION = $(shell git describe --match= --always --dirty 2>/dev/null)

.PHONY: help
help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: ## Start the server on embedded SQLite with demo data, and say how to sign in
	@mkdir -p .build
	$(GO) run ./server demo --database-url sqlite://.build/cloudapi-demo.db

.PHONY: test
test: prepare ## Run every test, on SQLite and on a real PostgreSQL
	@echo "Running all tests; a package is listed when it has ended, the longest after some minutes."
	$(GO) run ./internal/dev/pgtest/cmd/withpostgres -- $(TESTS) -- -timeout 30m ./...

.PHONY: test-faults
test-faults: ## Make the server's surroundings fail, for a long time: make test-faults [run=TestKilled seed=1]
	CGO_ENABLED=0 $(GO) test ./server/faults -tags upgrade -count=1 -v -timeout 2h -long $(if $(seed),-seed $(seed)) $(if $(run),-run '$(run)')

.PHONY: test-cluster
test-cluster: ## Fail the nodes of a Patroni cluster as docs/cluster configures it, in network namespaces (root)
	CGO_ENABLED=0 $(GO) test ./server/faults -tags cluster -count=1 -v -timeout 1h -run TestCluster

.PHONY: soak
soak: ## Load the server for ten minutes, and show that it holds no more afterwards: make soak [time=10m]
	CGO_ENABLED=0 $(GO) test ./server/faults -count=1 -v -timeout 3h -run TestServerRestsAsBefore -soak $(or $(time),10m)

.PHONY: prepare
prepare:
	@.ci/install

.PHONY: build
build: ## Build the static binary bin/cloudapi
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w -X main.revision=$(REVISION)' -o bin/cloudapi ./server

.PHONY: generate
generate: ## Write the generated code anew
	$(GO) generate ./ent ./graph ./server/rest/openapi ./server ./internal/dev/schemadoc ./docs/clients/genqlient
	$(GO) test ./internal/dev/architecture -count=1 -run TestMapIsFresh -update

.PHONY: migration
migration: ## Write the migrations to ent's schema: make migration name=what_changes
	$(GO) run ./ent/migrate/diff $(name)

.PHONY: check
check: prepare fresh vet lint test ## Everything that CI checks

.PHONY: fresh
fresh: generate
	$(GO) mod tidy -diff
	@.ci/fresh

.PHONY: vet
vet:
	$(GO) vet ./...
	@.ci/lengths

.PHONY: lint
lint: ## Lint, the direction of imports included
	$(LINT) run --allow-parallel-runners ./...

ROUNDS ?= 5
SECONDS ?= 5
.PHONY: bench
bench: ## Compare the server with a bare handler under load: make bench [ROUNDS=1 SECONDS=2 rows=one,page large=500000]
	@.ci/install wrk
	$(GO) run ./internal/dev/bench/cmd/bench -rounds $(ROUNDS) -seconds $(SECONDS) -report docs/performance.md \
	  $(if $(rows),-rows $(rows)) $(if $(customers),-customers $(customers)) $(if $(large),-large $(large)) $(if $(profiles),-profiles $(profiles))

.PHONY: test-mutants
test-mutants: prepare ## Show that the tests notice deliberate faults: make test-mutants [only="name name"]
	$(GO) run ./internal/dev/pgtest/cmd/withpostgres -- $(GO) run ./internal/dev/mutants/cmd/mutants $(only)

.PHONY: fuzz
fuzz: ## Run each fuzz target for a minute
	@.ci/fuzz

.PHONY: release
release: ## Tag the version that VERSION names; CONTRIBUTING.md says what to do before
	@.ci/tag

.PHONY: release-snapshot
release-snapshot: ## Build the archives, Debian packages and, with a container engine, images into dist/
	VERSION=$$(cat VERSION) REVISION=$(REVISION) $(RELEASE) release --snapshot --clean $(shell docker info >/dev/null 2>&1 || echo --skip=docker)
	@.ci/packages
