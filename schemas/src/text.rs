//! Predefined texts: what their fields mean. `{contact.name}` is a field, `{contact.name|you}` has a word for when it is
//! empty, and `{{` and `}}` are braces.

use std::fmt;
use std::str::FromStr;

/// What a field of a text is filled with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TextField {
    /// What the contact is called.
    ContactName,
    /// What the agent who sends is called.
    AgentName,
    /// What the conversation's campaign is called.
    CampaignName,
    /// What its project is called.
    ProjectName,
    /// What its client is called.
    ClientName,
}

impl TextField {
    /// Every field.
    pub const ALL: [Self; 5] =
        [Self::ContactName, Self::AgentName, Self::CampaignName, Self::ProjectName, Self::ClientName];

    /// As it is written between the braces.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ContactName => "contact.name",
            Self::AgentName => "agent.name",
            Self::CampaignName => "campaign.name",
            Self::ProjectName => "project.name",
            Self::ClientName => "client.name",
        }
    }
}

impl fmt::Display for TextField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for TextField {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        let found = Self::ALL.into_iter().find(|field| field.as_str() == text);
        found.ok_or_else(|| TextError::UnknownField(text.chars().take(NAMED_CHARS_MAX).collect()))
    }
}

const NAMED_CHARS_MAX: usize = 40;

/// Why a text cannot be filled in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// A brace that begins or ends no field.
    #[error("a brace begins or ends nothing")]
    Brace,
    /// A field that there is not.
    #[error("`{0}` is no field of a text")]
    UnknownField(String),
    /// Nothing is known to fill this with, and the text has no other word for it.
    #[error("{0} is not known, and the text has no other word for it")]
    Empty(TextField),
}

/// The text with each field filled in by what `value` gives for it.
///
/// # Errors
/// [`TextError`]; the first that is found.
pub fn fill(text: &str, value: impl Fn(TextField) -> Option<String>) -> Result<String, TextError> {
    let (mut filled, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find(['{', '}']) {
        filled.push_str(&rest[..at]);
        let (brace, after) = rest[at..].split_at(1);
        if let Some(doubled) = after.strip_prefix(brace) {
            filled.push_str(brace);
            rest = doubled;
            continue;
        }
        let (inside, after) = after.split_once('}').filter(|_| brace == "{").ok_or(TextError::Brace)?;
        let (field, otherwise) = inside.split_once('|').map_or((inside, None), |(f, word)| (f, Some(word)));
        let field: TextField = field.parse()?;
        let known = value(field).filter(|value| !value.is_empty());
        match known.as_deref().or(otherwise) {
            Some(value) => filled.push_str(value),
            None => return Err(TextError::Empty(field)),
        }
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

/// Checks that a text can be filled in when all is known.
///
/// # Errors
/// As [`fill`], but for what is not known.
pub fn check(text: &str) -> Result<(), TextError> {
    fill(text, |field| Some(field.to_string())).map(drop)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn eva(field: TextField) -> Option<String> {
        match field {
            TextField::ContactName => Some("Eva".into()),
            TextField::AgentName => Some(String::new()),
            TextField::CampaignName | TextField::ProjectName | TextField::ClientName => None,
        }
    }

    #[test]
    fn fields_are_filled_in() {
        for (text, filled) in [
            ("Hello {contact.name}!", Ok("Hello Eva!")),
            ("{contact.name|you}{contact.name}", Ok("EvaEva")),
            ("I am {agent.name|one of us}", Ok("I am one of us")),
            ("{campaign.name|}.", Ok(".")),
            ("{{contact.name}} }}", Ok("{contact.name} }")),
            ("ñ {contact.name} ñ", Ok("ñ Eva ñ")),
            ("I am {agent.name}", Err(TextError::Empty(TextField::AgentName))),
            ("{contact.nam}", Err(TextError::UnknownField("contact.nam".into()))),
            ("{}", Err(TextError::UnknownField(String::new()))),
            ("{contact.name", Err(TextError::Brace)),
            ("contact.name}", Err(TextError::Brace)),
        ] {
            assert_eq!(fill(text, eva), filled.map(str::to_owned), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_checked_is_filled_in_when_all_is_known(text in "[a{}|.ñ]{0,12}|.*\\{contact\\.name\\}.*") {
            let filled = fill(&text, |_| Some("x".into()));
            prop_assert_eq!(check(&text), filled.map(drop));
        }

        #[test]
        fn doubled_braces_give_any_text_back(text in ".*") {
            let doubled = text.replace('{', "{{").replace('}', "}}");
            prop_assert_eq!(fill(&doubled, |_| None), Ok(text));
        }
    }
}
