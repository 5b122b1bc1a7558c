//! What is being measured or prepared, on the error output: on a terminal as it goes, else a line when it begins.

use std::io::{IsTerminal, stderr};
use std::sync::LazyLock;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressFinish, ProgressStyle};

const TICK: Duration = Duration::from_millis(250);

static SHOWN: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// Counts up to `total`; gone when it is dropped.
pub(crate) fn counting(what: &str, total: u64) -> ProgressBar {
    show(ProgressBar::new(total), "  {msg}: {bar:40} {human_pos} of {human_len}, {eta} left", what)
}

/// Shows that something is under way; gone when it is dropped.
pub(crate) fn doing(what: &str) -> ProgressBar {
    let bar = show(ProgressBar::new_spinner(), "{spinner} {msg}, {elapsed}", what);
    bar.enable_steady_tick(TICK);
    bar
}

fn show(bar: ProgressBar, style: &str, what: &str) -> ProgressBar {
    if !stderr().is_terminal() {
        eprintln!("{what} ...");
    }
    let bar = bar.with_message(what.to_owned()).with_finish(ProgressFinish::AndClear);
    bar.set_style(ProgressStyle::with_template(style).unwrap());
    SHOWN.add(bar)
}
