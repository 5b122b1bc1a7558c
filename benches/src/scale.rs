//! How much work a row is given.

use std::time::Duration;

/// A run that takes long, or a quick one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scale {
    pub(crate) quick: bool,
}

impl Scale {
    pub(crate) fn of(self, quick: u64, full: u64) -> u64 {
        if self.quick { quick } else { full }
    }

    pub(crate) fn time(self, quick_millis: u64, full_millis: u64) -> Duration {
        Duration::from_millis(self.of(quick_millis, full_millis))
    }
}

/// A number in words, such as `10 million`.
pub(crate) fn words(number: u64) -> String {
    let rounded = |unit: u64, word: &str| {
        let tenths = (number * 10 + unit / 2) / unit;
        match tenths % 10 {
            0 => format!("{} {word}", tenths / 10),
            tenth => format!("{}.{tenth} {word}", tenths / 10),
        }
    };
    match number {
        0..1_000 => number.to_string(),
        1_000..950_000 => rounded(1_000, "thousand"),
        _ => rounded(1_000_000, "million"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_said_in_words() {
        for (number, text) in [
            (256, "256"),
            (1_000, "1 thousand"),
            (100_020, "100 thousand"),
            (940_000, "940 thousand"),
            (960_000, "1 million"),
            (1_250_000, "1.3 million"),
            (10_000_240, "10 million"),
        ] {
            assert_eq!(words(number), text);
        }
    }
}
