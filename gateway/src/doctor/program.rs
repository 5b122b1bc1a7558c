//! The nats-server program that atender would run.

use std::path::{Path, PathBuf};

use engine::nats_server::{NatsServerError, find_binary, version_output};

use super::finding::{Finding, told};

const CHECK: &str = "nats-server program";

pub(super) async fn look(named: Option<&Path>) -> Result<(PathBuf, String), NatsServerError> {
    let binary = find_binary(named).await?;
    let version = version_output(&binary).await.unwrap_or_default();
    Ok((binary, version.trim().trim_start_matches("nats-server: v").to_owned()))
}

pub(super) fn judge(program: &Result<(PathBuf, String), NatsServerError>) -> Finding {
    match program {
        Ok((binary, version)) => Finding::ok(CHECK, format!("version {version}, {}", binary.display())),
        Err(error) => {
            let help = match error {
                NatsServerError::BinaryMissing { help }
                | NatsServerError::BinaryUnusable { help, .. }
                | NatsServerError::BinaryForeign { help, .. }
                | NatsServerError::BinaryTooOld { help, .. } => help,
                _ => "look at the file",
            };
            let found = told(error).replace(&format!("; {help}"), "");
            Finding::error(CHECK, found, help)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Level;

    #[test]
    fn a_program_that_is_too_old_is_told_once_with_where_to_get_another() {
        let help = "get another";
        let old = NatsServerError::BinaryTooOld { binary: "/n".into(), found: "2.9".to_owned(), help };
        let finding = judge(&Err(old));
        assert_eq!(finding.level, Level::Error);
        assert_eq!(finding.found, "nats-server /n is version 2.9, which is too old");
        assert_eq!(finding.remedy.as_deref(), Some(help));
        let found = judge(&Ok(("/n".into(), "2.15.1".to_owned())));
        assert_eq!((found.level, found.found.as_str()), (Level::Ok, "version 2.15.1, /n"));
    }
}
