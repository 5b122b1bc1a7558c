//! The table of figures: printed as they come, written as JSON at the end.

use std::panic::AssertUnwindSafe;
use std::path::Path;

use futures_util::FutureExt;
use serde::{Serialize, Serializer};

use crate::progress;

/// One figure beside its limit.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) value: f64,
    pub(crate) unit: &'static str,
    pub(crate) limit_name: String,
    /// What the machine itself reaches, or what the figure is compared with.
    pub(crate) limit: f64,
    /// Value over limit.
    pub(crate) ratio: f64,
    pub(crate) bar: Bar,
    /// Whether the bar is reached; true without one.
    pub(crate) reached: bool,
}

/// What a figure has to reach. In JSON a text, `>= 0.5 x limit` for a part of the limit and `<= 20` for a value in the
/// unit of its row, or null.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Bar {
    /// At least this part of the limit.
    AtLeast(f64),
    /// At most this many times the limit.
    AtMost(f64),
    /// At least this value, whatever the limit.
    ValueAtLeast(f64),
    /// At most this value, whatever the limit.
    ValueAtMost(f64),
    /// Nothing: the figure is there to be read.
    None,
}

impl Bar {
    fn reached(self, value: f64, limit: f64) -> bool {
        match self {
            Self::AtLeast(least) => value / limit >= least,
            Self::AtMost(most) => value / limit <= most,
            Self::ValueAtLeast(least) => value >= least,
            Self::ValueAtMost(most) => value <= most,
            Self::None => true,
        }
    }

    /// As JSON has it.
    pub(crate) fn text(self) -> Option<String> {
        match self {
            Self::AtLeast(least) => Some(format!(">= {least} x limit")),
            Self::AtMost(most) => Some(format!("<= {most} x limit")),
            Self::ValueAtLeast(least) => Some(format!(">= {least}")),
            Self::ValueAtMost(most) => Some(format!("<= {most}")),
            Self::None => None,
        }
    }
}

impl Serialize for Bar {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.text().serialize(serializer)
    }
}

/// What was measured, and what could not be.
pub(crate) struct Table {
    rows: Vec<Row>,
    failed: Vec<String>,
}

impl Table {
    pub(crate) fn start() -> Self {
        let (figure, value, limit, ratio) = ("figure", "value", "limit", "ratio");
        println!("{figure:<68} {value:>12} {:<9} {limit:>12}  {:<34} {ratio:>8}  bar", "", "");
        Self { rows: Vec::new(), failed: Vec::new() }
    }

    pub(crate) fn add(
        &mut self,
        name: impl Into<String>,
        (value, unit): (f64, &'static str),
        (limit_name, limit): (impl Into<String>, f64),
        bar: Bar,
    ) {
        let (name, limit_name, ratio) = (name.into(), limit_name.into(), value / limit);
        let row =
            Row { name, value, unit, limit_name, limit, ratio, bar, reached: bar.reached(value, limit) };
        let Row { name, value, limit_name, .. } = &row;
        let bar = bar.text().unwrap_or_default();
        let mark = if row.reached { "" } else { "  MISSED" };
        println!(
            "{name:<68} {value:>12.2} {unit:<9} {limit:>12.2}  {limit_name:<34} {ratio:>8.2}  {bar}{mark}"
        );
        self.rows.push(row);
    }

    /// Says why a row is not there; that is no failure.
    pub(crate) fn left_out(&self, name: &str, why: &str) {
        println!("{name:<68} left out: {why}");
    }

    /// What `measuring` gives, or nothing when it fails; then that is told, and the bench goes on.
    pub(crate) async fn attempt<T>(&mut self, name: &str, measuring: impl Future<Output = T>) -> Option<T> {
        let shown = progress::doing(name);
        let measured = AssertUnwindSafe(measuring).catch_unwind().await.ok();
        drop(shown);
        if measured.is_none() {
            self.fail(name);
        }
        measured
    }

    /// Records that something could not be measured; its reason is on the error output already.
    pub(crate) fn fail(&mut self, name: &str) {
        println!("{name:<68} FAILED");
        self.failed.push(name.to_owned());
    }

    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// What could not be measured.
    pub(crate) fn failed(&self) -> &[String] {
        &self.failed
    }

    pub(crate) fn write(&self, path: impl AsRef<Path>) -> std::io::Result<()> {
        let path = path.as_ref();
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(path, serde_json::to_vec_pretty(&self.rows)?)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn row(bar: Bar) -> Value {
        let mut table = Table::start();
        table.add("commands", (60.0, "/s"), ("raw frames", 100.0), bar);
        serde_json::to_value(&table.rows[0]).unwrap()
    }

    #[test]
    fn a_row_has_the_keys_a_program_reads() {
        let expected = json!({
            "name": "commands", "value": 60.0, "unit": "/s", "limit_name": "raw frames", "limit": 100.0,
            "ratio": 0.6, "bar": ">= 0.5 x limit", "reached": true,
        });
        assert_eq!(row(Bar::AtLeast(0.5)), expected);
    }

    #[test]
    fn a_bar_is_one_text_and_says_what_is_reached() {
        for (bar, text, reached) in [
            (Bar::AtLeast(0.7), json!(">= 0.7 x limit"), false),
            (Bar::AtMost(1.5), json!("<= 1.5 x limit"), true),
            (Bar::AtMost(0.5), json!("<= 0.5 x limit"), false),
            (Bar::ValueAtLeast(300_000.0), json!(">= 300000"), false),
            (Bar::ValueAtLeast(60.0), json!(">= 60"), true),
            (Bar::ValueAtMost(20.0), json!("<= 20"), false),
            (Bar::ValueAtMost(60.0), json!("<= 60"), true),
            (Bar::None, Value::Null, true),
        ] {
            let row = row(bar);
            assert_eq!((&row["bar"], &row["reached"]), (&text, &json!(reached)));
        }
    }

    #[tokio::test]
    async fn what_cannot_be_measured_does_not_end_the_others() {
        let mut table = Table::start();
        assert_eq!(table.attempt("first", async { "none".parse::<u8>().unwrap() }).await, None);
        assert_eq!(table.attempt("second", async { 7 }).await, Some(7));
        assert_eq!(table.failed(), ["first"]);
    }
}
