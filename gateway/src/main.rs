//! The `atender` program.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Events are decoded on one thread and dropped on another, which the C library's allocator does slowly.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    gateway::cli::main()
}
