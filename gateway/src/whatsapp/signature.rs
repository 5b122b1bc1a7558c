//! The `X-Hub-Signature-256` header: HMAC-SHA256 over a webhook's body, keyed with the app secret. Works on the
//! bytes as received, never on JSON written again: Meta escapes `/`, `@` and non-ASCII letters before it signs.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

const PREFIX: &str = "sha256=";
const DIGEST_BYTES: usize = 32;
/// Length of a well-formed header value, in characters: `sha256=` and 64 lower-case hex digits.
pub const HEADER_LEN: usize = PREFIX.len() + 2 * DIGEST_BYTES;
/// Name of the header, in lower case.
pub const HEADER_NAME: &str = "x-hub-signature-256";

/// Why a webhook is not believed to come from Meta.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The request has no signature header.
    #[error("the webhook carries no signature")]
    Missing,
    /// The header is not `sha256=` and 64 lower-case hex digits.
    #[error("the webhook's signature is malformed")]
    Malformed,
    /// None of the app secrets gives this signature for this body.
    #[error("the webhook's signature does not match its body")]
    Mismatch,
    /// There is no secret to check with; an empty one counts as none, since anybody could sign with it.
    #[error("no app secret is configured")]
    NoSecret,
}

/// Checks a webhook's signature in constant time against each app secret: several Meta apps may share one
/// callback. Source: Meta, "Webhooks: validating payloads".
///
/// # Errors
/// See [`SignatureError`]; every one of them means the body must not be used.
pub fn verify<S: AsRef<[u8]>>(
    secrets: &[S],
    header: Option<&str>,
    raw_body: &[u8],
) -> Result<(), SignatureError> {
    let claimed = parse_header(header.ok_or(SignatureError::Missing)?).ok_or(SignatureError::Malformed)?;
    let mut usable = secrets.iter().map(AsRef::as_ref).filter(|secret| !secret.is_empty()).peekable();
    if usable.peek().is_none() {
        return Err(SignatureError::NoSecret);
    }
    let matched =
        usable.fold(Choice::from(0), |matched, secret| matched | digest(secret, raw_body).ct_eq(&claimed));
    if matched.into() { Ok(()) } else { Err(SignatureError::Mismatch) }
}

/// The header value Meta would send for this body.
pub fn sign(secret: &[u8], body: &[u8]) -> String {
    format!("{PREFIX}{}", hex::encode(digest(secret, body)))
}

fn parse_header(header: &str) -> Option<[u8; DIGEST_BYTES]> {
    let digits = header.strip_prefix(PREFIX)?;
    if digits.bytes().any(|b| b.is_ascii_uppercase()) {
        return None;
    }
    let mut claimed = [0; DIGEST_BYTES];
    hex::decode_to_slice(digits, &mut claimed).ok()?;
    Some(claimed)
}

fn digest(secret: &[u8], body: &[u8]) -> [u8; DIGEST_BYTES] {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes a key of any length");
    mac.update(body);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"app-secret";
    const BODY: &[u8] = br#"{"object":"whatsapp_business_account","entry":[]}"#;

    #[test]
    fn the_second_test_case_of_rfc_4231_is_reproduced() {
        assert_eq!(
            sign(b"Jefe", b"what do ya want for nothing?"),
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn a_body_signed_with_any_of_the_secrets_is_accepted() {
        let header = sign(SECRET, BODY);
        assert_eq!(header.len(), HEADER_LEN);
        assert_eq!(verify(&[SECRET], Some(&header), BODY), Ok(()));
        assert_eq!(verify(&[b"other".as_slice(), b"", SECRET, b"third"], Some(&header), BODY), Ok(()));
    }

    #[test]
    fn another_secret_or_another_body_is_a_mismatch() {
        let header = sign(SECRET, BODY);
        assert_eq!(verify(&[b"other"], Some(&header), BODY), Err(SignatureError::Mismatch));
        let mut changed = BODY.to_vec();
        changed.push(b' ');
        assert_eq!(verify(&[SECRET], Some(&header), &changed), Err(SignatureError::Mismatch));
    }

    #[test]
    fn a_header_of_another_shape_is_malformed() {
        let good = sign(SECRET, BODY);
        let digits = &good[PREFIX.len()..];
        for header in [
            String::new(),
            "sha256=".into(),
            digits.into(),
            good[..HEADER_LEN - 1].into(),
            format!("{good}0"),
            format!("{good} "),
            format!(" {good}"),
            format!("sha1={digits}"),
            format!("SHA256={digits}"),
            format!("{PREFIX}{}", digits.to_uppercase()),
            format!("{PREFIX}g{}", &digits[1..]),
            format!("{PREFIX}\u{e9}{}", &digits[2..]),
        ] {
            assert_eq!(verify(&[SECRET], Some(&header), BODY), Err(SignatureError::Malformed), "{header:?}");
        }
    }

    #[test]
    fn without_a_header_or_a_usable_secret_nothing_is_accepted() {
        assert_eq!(verify(&[SECRET], None, BODY), Err(SignatureError::Missing));
        let none: [&[u8]; 0] = [];
        assert_eq!(verify(&none, Some(&sign(SECRET, BODY)), BODY), Err(SignatureError::NoSecret));
        assert_eq!(verify(&[b""], Some(&sign(b"", BODY)), BODY), Err(SignatureError::NoSecret));
    }
}
