# What a newcomer needs: Go and make. `make help` lists what there is to do.

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LINT    := go tool -modfile=.tools/go.mod golangci-lint
FUZZ    := ./graph:FuzzDocument ./graph:FuzzCursor ./graph/model:FuzzID ./internal/auth:FuzzToken ./internal/mandate:FuzzEmail
FUZZTIME ?= 5s
GRAPHIQL := sh internal/graphiql/web/build.sh

.DEFAULT_GOAL := help
.PHONY: help run build test bench bench-check fuzz crash soak generate check lint graphiql graphiql-check clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## Build and start a demo: SQLite, example data, GraphiQL
	bin/mandate demo

build: ## Build bin/mandate
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o bin/mandate ./cmd/mandate

test: ## Run all tests, on SQLite and MariaDB; on Debian, root is given what is missing
	.ci/node && chromium=$$(.ci/chromium) && export MANDATE_TEST_CHROMIUM="$$chromium" && \
		go run ./internal/testdb/withserver -- go test -timeout 20m $(GOTESTFLAGS) ./...

bench: ## Measure against hand-written SQL, and write the tables into README.md; takes half an hour
	go run ./internal/bench -write

bench-check: ## See that no operation is slower than its bound, a share of hand-written SQL's speed
	go run ./internal/bench -check

fuzz: ## Look for inputs that break what is promised, FUZZTIME for each target
	@for target in $(FUZZ); do \
		go test $${target%:*} -run '^$$' -fuzz "^$${target#*:}$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x || exit 1; \
	done

crash: ## Kill the program at every step of every mutation; takes minutes
	MANDATE_TEST_EVERY_CRASH=1 go run ./internal/testdb/withserver -- go test ./cmd/mandate -run TestAKilledProgram -count 1 -timeout 1h -v

soak: ## Let two servers and two workers work under load for ten minutes, kill workers, and see that nothing grows
	go run ./internal/testdb/withserver -- go test -tags soak ./cmd/mandate -run '^TestSoak$$' -count 1 -timeout 1h -v $(SOAKFLAGS)

generate: ## Generate Ent, the GraphQL types and the server's glue
	go generate ./...

check: ## See that generated files are what their sources generate
	@before=$$(.ci/tree) && $(MAKE) --no-print-directory generate && after=$$(.ci/tree) && \
		if ! git diff --exit-code --stat $$before $$after; then \
			echo "generated files were out of date: commit what make generate makes" >&2; exit 1; \
		fi

lint: ## Lint; the first time builds the linter, which takes minutes
	$(LINT) run

graphiql: ## Build GraphiQL into internal/graphiql/dist; needs node and npm
	$(GRAPHIQL) build

graphiql-check: ## See that internal/graphiql/dist is what its sources build
	$(GRAPHIQL) check

clean: ## Remove what was built
	rm -rf bin
