//! The figures as a page has them.

use crate::row::{Row, Table};

/// The machine and the figures as tables of Markdown.
pub(crate) fn page(machine: &[(&'static str, String)], table: &Table) -> String {
    let mut page = String::from("| machine | |\n|---|---|\n");
    for (what, value) in machine {
        page.push_str(&format!("| {what} | {value} |\n"));
    }
    page.push_str("\n| figure | value | limit | ratio | bar | reached |\n|---|---:|---|---:|---|---|\n");
    for row in table.rows() {
        page.push_str(&line(row));
    }
    for name in table.failed() {
        page.push_str(&format!("| {name} | could not be measured | | | | no |\n"));
    }
    page
}

fn line(row: &Row) -> String {
    let Row { name, value, unit, limit_name, limit, ratio, bar, reached } = row;
    let (value, limit) = (number(*value), number(*limit));
    let reached = match (bar.text(), reached) {
        (None, _) => "",
        (Some(_), true) => "yes",
        (Some(_), false) => "**no**",
    };
    let bar = bar.text().unwrap_or_default();
    format!("| {name} | {value} {unit} | {limit_name}: {limit} {unit} | {ratio:.2} | {bar} | {reached} |\n")
}

/// Three or four digits that count, with commas.
fn number(value: f64) -> String {
    let decimals = match value.abs() {
        less if less < 10.0 => 2,
        less if less < 100.0 => 1,
        _ => 0,
    };
    let text = format!("{value:.decimals$}");
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place) % 3 == 0 && digit.is_ascii_digit() {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_shows_the_digits_that_count() {
        for (value, text) in
            [(1_234_567.8, "1,234,568"), (123.4, "123"), (12.34, "12.3"), (1.234, "1.23"), (0.0, "0.00")]
        {
            assert_eq!(number(value), text);
        }
    }
}
