# make test       what CI runs: vet and all tests, with a part of the real documents and of the kills,
#                 then 500 histories, and 15 s of each law of the front door
# make check      make test, and format, staticcheck and govulncheck
# make bench      the benchmarks, JSON lines on the standard output
# make realdata   fetch the real documents, once
# make node       fetch the clients for Node.js, once
# make realtest   the real documents, all of them
# make fuzz       the laws, one on each core, each for FUZZTIME, those of the front door for FRONTTIME
# make simulation SEEDS histories, from the seed FIRST on
# make day        a day of 10,000 APIs, in virtual time
# make nightly    realtest, fuzz, 100,000 histories, the day, and 200 kills

SHELL := bash
.SHELLFLAGS := -euo pipefail -c

GOFUMPT     := mvdan.cc/gofumpt@v0.12.0
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.9.0

# Go takes a test that is not there for one that passes.
RAN := | awk '{ print } /no tests to run/ { none = 1 } END { exit none }'

.PHONY: test check format vet staticcheck govulncheck needs realdata node realtest fuzz fuzz-front simulation day nightly bench

# The race detector leaves out the code that was translated from C: it is most of
# what the tests run, and was four fifths of their time. What calls it is watched.
SOLO := -gcflags=modernc.org/sqlite/lib=-race=false -gcflags=modernc.org/libc=-race=false

test: needs realdata node vet
	go test -race $(SOLO) -timeout 15m ./...
	@$(MAKE) --no-print-directory simulation SEEDS=500
	@$(MAKE) --no-print-directory fuzz-front FRONTTIME=15s

check: format staticcheck govulncheck test

format:
	@unformatted=$$(go run $(GOFUMPT) -l $$(git ls-files '*.go')); \
	if [ -n "$$unformatted" ]; then echo "gofumpt would change:"; echo "$$unformatted"; exit 1; fi

vet:
	go vet ./...

staticcheck:
	go run $(STATICCHECK) ./...

# The vulnerability database is on the network. Without it nothing is known, and
# nothing is said to be well.
govulncheck:
	@if ! out=$$(go run $(GOVULNCHECK) ./... 2>&1); then \
		echo "$$out"; \
		if grep -qE 'vuln\.go\.dev|fetching vulnerabilities' <<<"$$out"; then \
			echo "NOT CHECKED: govulncheck cannot reach the vulnerability database"; \
		else exit 1; fi; \
	else echo "$$out"; fi

# What a fresh machine lacks is installed where that is allowed, and named where it is not.
needs:
	@.ci/needs

realdata: needs
	@go run ./e2e/realdata/fetch

NODE := e2e/node
node: needs
	@[ $(NODE)/node_modules/.package-lock.json -nt $(NODE)/package-lock.json ] || \
		npm ci --prefix $(NODE) --ignore-scripts --no-audit --no-fund --silent

realtest: realdata
	go test -count 1 -timeout 30m -run TestWhatIsExported -v ./e2e -whole $(RAN)

# One process for each core, each on one: goroutines that hand over to each other
# all the time cost a third more where they may run on two.
SEEDS := 5000
FIRST := 1
simulation:
	@parts=$$(nproc); pids=(); failed=0; SECONDS=0; \
	for ((n = 0; n < parts; n++)); do \
		from=$$(($(FIRST) + $(SEEDS) * n / parts)); to=$$(($(FIRST) + $(SEEDS) * (n + 1) / parts)); \
		(GOGC=400 GOMAXPROCS=1 go test -count 1 -timeout 12h -run TestHistories ./internal/simulation \
			-seed $$from -histories $$((to - from)) $(RAN)) & pids+=($$!); \
	done; \
	for pid in "$${pids[@]}"; do wait "$$pid" || failed=1; done; \
	((failed == 0)) && echo "$(SEEDS) histories from seed $(FIRST) on, 0 violations, $$SECONDS s"

day:
	go test -count 1 -timeout 60m -run TestADay -v ./internal/jobs -day $(RAN)

# Each night tries histories that no other has.
nightly: realtest fuzz
	$(MAKE) --no-print-directory simulation SEEDS=100000 FIRST=$$((($$(date +%s) / 86400) * 100000))
	$(MAKE) --no-print-directory day
	go test -count 1 -timeout 120m -run TestKilledAnywhere -v ./e2e -kills 200 $(RAN)

# As many laws at once as there are cores. What anybody on the network may send, which is
# paths, bodies, filters and tokens, is tried for longer, and by every test run for a little.
FUZZTIME  := 1m
FRONTTIME := 10m
FRONT     := internal/httpapi/managerapi:FuzzPath internal/httpapi/armapi:FuzzPath internal/httpapi/armapi:FuzzBody \
	internal/httpapi/dataapi:FuzzFilter internal/auth:FuzzToken

fuzz-front:
	@printf '%s\n' $(FRONT) | sed 's/:/ /; s/$$/ $(FRONTTIME)/' | xargs -P $$(nproc) -L 1 .ci/fuzz

fuzz: fuzz-front
	@grep -rHoE '^func Fuzz[A-Za-z0-9_]*' --include='*_test.go' client cmd internal bench | sed -E 's|/[^/]*:func |:|' | \
		grep -vxF "$$(printf '%s\n' $(FRONT))" | sed 's/:/ /; s/$$/ $(FUZZTIME)/' | xargs -P $$(nproc) -L 1 .ci/fuzz

bench: realdata
	@go run ./bench
