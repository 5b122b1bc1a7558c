//! The `atender` program as whole-system tests start and kill it.

fn main() -> std::process::ExitCode {
    gateway::cli::main()
}
