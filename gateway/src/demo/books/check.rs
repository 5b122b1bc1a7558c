//! What a check found, and how it is told.

use std::fmt;

/// Problems of a check that are told in full.
const EXAMPLES_MAX: usize = 5;

/// One thing that must be true of the day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What must be true.
    pub rule: &'static str,
    /// How much it was looked at for.
    pub looked_at: u64,
    /// Of what.
    pub unit: &'static str,
    /// How often it is not true.
    pub problems: u64,
    /// The first problems.
    pub examples: Vec<String>,
}

impl Check {
    pub(super) fn new(rule: &'static str, unit: &'static str) -> Self {
        Self { rule, looked_at: 0, unit, problems: 0, examples: Vec::new() }
    }

    pub(super) fn problem(&mut self, what: impl FnOnce() -> String) {
        self.problems += 1;
        if self.examples.len() < EXAMPLES_MAX {
            self.examples.push(what());
        }
    }

    pub(super) fn require(&mut self, so: bool, otherwise: impl FnOnce() -> String) {
        if !so {
            self.problem(otherwise);
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match (self.problems, self.looked_at) {
            (0, 0) => "EMPTY ",
            (0, _) => "ok    ",
            (_, _) => "NOT OK",
        };
        write!(f, "  {mark}  {}: {} {}", self.rule, self.looked_at, self.unit)?;
        if self.problems > 0 {
            write!(f, ", {} problems", self.problems)?;
        }
        for example in &self.examples {
            write!(f, "\n            {example}")?;
        }
        if self.problems > self.examples.len() as u64 {
            write!(f, "\n            ...")?;
        }
        Ok(())
    }
}

/// All checks of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Books {
    /// Each check, in the order in which they are told.
    pub checks: Vec<Check>,
}

impl Books {
    /// Whether all is as it must be, and there was something to look at.
    pub fn in_order(&self) -> bool {
        self.checks.iter().all(|check| check.problems == 0 && check.looked_at > 0)
    }
}

impl fmt::Display for Books {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.checks.iter().try_for_each(|check| writeln!(f, "{check}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn books_with_a_problem_or_with_nothing_in_them_are_not_in_order() {
        let mut check = Check::new("all is well", "things");
        assert!(!Books { checks: vec![check.clone()] }.in_order());
        assert!(check.to_string().contains("EMPTY"));
        check.looked_at = 7;
        check.require(true, String::new);
        assert!(Books { checks: vec![check.clone()] }.in_order());
        for n in 0..7 {
            check.problem(|| format!("thing {n} is broken"));
        }
        assert!(!Books { checks: vec![check.clone()] }.in_order());
        let told = check.to_string();
        assert!(
            told.contains("NOT OK") && told.contains("7 things, 7 problems") && told.ends_with("..."),
            "{told}"
        );
    }
}
