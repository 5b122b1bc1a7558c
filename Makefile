.DEFAULT_GOAL := help
.PHONY: help demo test simulate torture bench
# The programs are looked for in target/.
unexport CARGO_TARGET_DIR

help: ## list the targets
	@sed -n 's/^\([.a-z/-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 22

demo: .tools/nats-server ## a contact centre with made-up traffic, in one process; options in ARGS
	cargo build --release --locked -p gateway
	target/release/atender demo $(ARGS)

test: .tools/nats-server ## formatting, lints and all tests
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	# The same cases for everybody; the torture has others each time.
	PROPTEST_RNG_SEED=1 cargo test --workspace --locked

simulate: ## long days in virtual time, of all commands and faults, beside a model; options in ARGS
	cargo build --locked -p simulation
	target/debug/atender-simulate $(if $(ARGS),$(ARGS),--seeds 20)

torture: .tools/nats-server ## every fault in full: kills, cuts and stops under load; options in ARGS
	cargo build --locked -p tests
	target/debug/atender-torture $(ARGS)
	PROPTEST_CASES=5000 cargo test --locked -p engine --test model
	ATENDER_TORTURE_ROUNDS=100 cargo test --locked -p projections --lib crash
	ATENDER_TORTURE_ROUNDS=100 cargo test --locked -p projections --test torture
	ATENDER_TORTURE_ROUNDS=100 cargo test --locked -p engine --test snapshot

bench: .tools/nats-server ## the load and the rebuild, beside their limits; options in ARGS
	cargo build --release --locked -p gateway -p benches
	target/release/atender-bench $(ARGS)

.tools/nats-server: ## the nats-server that the others run
	scripts/fetch-nats-server $@
