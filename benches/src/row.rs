//! The table of figures: printed as they come, written as JSON at the end.

use std::path::Path;

use serde::Serialize;

/// One figure beside its limit.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) value: f64,
    pub(crate) unit: &'static str,
    pub(crate) limit_name: &'static str,
    /// What the machine itself reaches, or the most that is allowed.
    pub(crate) limit: f64,
    /// Value over limit.
    pub(crate) ratio: f64,
    /// What it has to reach.
    pub(crate) bar: Bar,
    pub(crate) reached: bool,
}

/// What a figure has to reach.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Bar {
    /// At least this part of the limit.
    AtLeast(f64),
    /// At most this many times the limit.
    AtMost(f64),
    /// At least this value, whatever the limit.
    ValueAtLeast(f64),
    /// At most this value, whatever the limit.
    ValueAtMost(f64),
}

pub(crate) struct Table(Vec<Row>);

impl Table {
    pub(crate) fn start() -> Self {
        println!(
            "{:<44} {:>12} {:<11} {:>12}  {:<30} {:>7}  bar",
            "figure", "value", "", "limit", "", "ratio"
        );
        Self(Vec::new())
    }

    pub(crate) fn add(
        &mut self,
        name: &str,
        (value, unit): (f64, &'static str),
        (limit_name, limit): (&'static str, f64),
        bar: Bar,
    ) {
        let ratio = value / limit;
        let (reached, bar_text) = match bar {
            Bar::AtLeast(least) => (ratio >= least, format!(">= {least}")),
            Bar::AtMost(most) => (ratio <= most, format!("<= {most}")),
            Bar::ValueAtLeast(least) => (value >= least, format!(">= {least} {unit}")),
            Bar::ValueAtMost(most) => (value <= most, format!("<= {most} {unit}")),
        };
        let mark = if reached { "" } else { "  MISSED" };
        println!(
            "{name:<44} {value:>12.2} {unit:<11} {limit:>12.2}  {limit_name:<30} {ratio:>7.2}  {bar_text}{mark}"
        );
        let name = name.to_owned();
        self.0.push(Row { name, value, unit, limit_name, limit, ratio, bar, reached });
    }

    pub(crate) fn write(&self, path: impl AsRef<Path>) -> std::io::Result<()> {
        let path = path.as_ref();
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(path, serde_json::to_vec_pretty(&self.0)?)
    }
}
