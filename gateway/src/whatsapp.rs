//! WhatsApp Business Cloud API: reading Meta's webhooks and sending messages. Protocol only: what an update
//! means for a conversation is decided by the channel that calls this.

pub mod api;
pub mod signature;
pub mod webhook;

use std::fmt;

/// What webhooks are checked with. It never prints.
#[derive(Clone, Default)]
pub struct Secrets {
    /// The secrets of all Meta apps that call here; without any, no webhook is believed.
    pub app_secrets: Vec<Vec<u8>>,
    /// What Meta must know to register the callback; without it, nobody can.
    pub verify_token: Option<String>,
}

impl Secrets {
    /// These secrets.
    pub fn new(app_secrets: Vec<Vec<u8>>, verify_token: Option<String>) -> Self {
        Self { app_secrets, verify_token }
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(hidden)")
    }
}

/// Whether `id` has the shape of a business-scoped user id (BSUID): two upper-case letters, a full stop,
/// optionally `ENT.` (a parent BSUID), then 1 to 128 ASCII letters or digits. Source: Meta, "Business-scoped
/// user IDs". A phone number never has this shape.
pub fn is_business_scoped_user_id(id: &str) -> bool {
    let Some((country, rest)) = id.split_once('.') else {
        return false;
    };
    let user = rest.strip_prefix("ENT.").unwrap_or(rest);
    country.len() == 2
        && country.bytes().all(|b| b.is_ascii_uppercase())
        && (1..=128).contains(&user.len())
        && user.bytes().all(|b| b.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::is_business_scoped_user_id;

    #[test]
    fn a_business_scoped_user_id_is_told_from_a_phone_number() {
        let longest = format!("BR.{}", "a".repeat(128));
        for id in ["BR.8810027346", "BR.ENT.8810027346", "DE.a9Z", longest.as_str()] {
            assert!(is_business_scoped_user_id(id), "{id}");
        }
        let too_long = format!("BR.{}", "a".repeat(129));
        for id in
            ["", "5511987654321", "+55 11 98765", "br.123", "BRA.123", "BR.", "BR.ENT.", "BR.1-2", &too_long]
        {
            assert!(!is_business_scoped_user_id(id), "{id}");
        }
    }
}
