//! All findings, as lines for a person or as JSON for a program.

use std::fmt;

use serde::Serialize;

use super::finding::{Finding, Level, count};

/// What the doctor found, in the order in which it looked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Each check.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Whether something is an error.
    pub fn has_errors(&self) -> bool {
        self.count(Level::Error) > 0
    }

    fn count(&self, level: Level) -> u64 {
        self.findings.iter().filter(|finding| finding.level == level).count() as u64
    }
}

/// One line a check, and one below for what to do.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Finding { check, level, found, remedy } in &self.findings {
            writeln!(f, "{level:<7}  {check}: {found}")?;
            if let Some(remedy) = remedy {
                writeln!(f, "         -> {remedy}")?;
            }
        }
        let counts = [
            count(self.findings.len() as u64, "finding", "findings"),
            count(self.count(Level::Error), "error", "errors"),
            count(self.count(Level::Warning), "warning", "warnings"),
            count(self.count(Level::Note), "note", "notes"),
        ];
        f.write_str(&counts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_a_check_and_what_to_do_below() {
        let findings =
            vec![Finding::ok("disk", "1 GiB free"), Finding::error("lease", "stands still", "start it")];
        let report = Report { findings };
        let text = "ok       disk: 1 GiB free\n\
                    error    lease: stands still\n         -> start it\n\
                    2 findings, 1 error, 0 warnings, 0 notes";
        assert_eq!(report.to_string(), text);
        assert!(report.has_errors());
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["findings"][1]["level"], "error");
        assert_eq!(json["findings"][0].get("remedy"), None);
    }
}
