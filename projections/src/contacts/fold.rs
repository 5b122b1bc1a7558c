//! Text as it is searched for: without case and accents, cut into words.

use icu_normalizer::DecomposingNormalizerBorrowed;

/// The text in small letters without accents.
pub(crate) fn fold(text: &str) -> String {
    let lower = text.to_lowercase();
    if lower.is_ascii() {
        return lower;
    }
    let mut folded = String::with_capacity(lower.len());
    for c in DecomposingNormalizerBorrowed::new_nfkd().normalize(&lower).chars() {
        match c {
            // Marks that combine with the letter before.
            '\u{300}'..='\u{36f}'
            | '\u{1ab0}'..='\u{1aff}'
            | '\u{1dc0}'..='\u{1dff}'
            | '\u{20d0}'..='\u{20ff}'
            | '\u{fe20}'..='\u{fe2f}' => {}
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            'đ' => folded.push('d'),
            'ı' => folded.push('i'),
            c => folded.push(c),
        }
    }
    folded
}

/// The words of a folded text.
pub(crate) fn words(folded: &str) -> impl Iterator<Item = &str> {
    folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// The letters and digits of a folded text, without what is between them.
pub(crate) fn compact(folded: &str) -> String {
    folded.chars().filter(|c| c.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_accents_do_not_count() {
        for (text, folded) in [
            ("MARÍA Núñez", "maria nunez"),
            ("Mari\u{301}a", "maria"),
            ("Straße", "strasse"),
            ("Łódź Ørsted", "lodz orsted"),
            ("ﬁn", "fin"),
            ("ÇELİK", "celik"),
            ("李雷", "李雷"),
        ] {
            assert_eq!(fold(text), folded, "{text}");
        }
    }

    #[test]
    fn words_are_what_is_between_signs() {
        let all: Vec<&str> = words("o'neill, ana-maria  x_1").collect();
        assert_eq!(all, ["o", "neill", "ana", "maria", "x", "1"]);
        assert_eq!(compact("x-1234567 l"), "x1234567l");
    }
}
