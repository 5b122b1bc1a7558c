//! Meta's error codes, grouped by what can be done about them. The same codes come in answers to a call and in
//! `failed` statuses. Source: Meta, "Cloud API error codes".

/// What to do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorClass {
    /// Too much was sent: by the app (4), the account (80007), the number (130429), to one recipient (131056), or
    /// by a number people have reported (131048). Nothing was sent; send less and try later. For 131056 Meta asks
    /// for 4^n seconds before attempt n, and other recipients are not affected.
    Throttled,
    /// Meta is down or overloaded (2, 131016), the account is in maintenance, as during a throughput upgrade
    /// (131057), or the cause is not known (131000, 135000). Nothing was sent; try later, not for ever.
    Unavailable,
    /// The access token expired or lacks a permission. Everything this channel sends will fail until somebody
    /// renews it.
    Credentials,
    /// The account or the number may not send: locked, restricted, unpaid, unregistered, without an approved name,
    /// or deleted. Somebody has to settle it with Meta.
    Account,
    /// More than 24 hours since the person last wrote (131047). Only a template may be sent.
    WindowClosed,
    /// This person cannot be reached, is blocked, or does not want to be written to. Do not try again.
    Recipient,
    /// Meta will not take this message: a parameter, a template, or a code new to us. Do not try it again.
    Rejected,
}

impl ErrorClass {
    /// Whether the same message may be sent again later.
    pub fn is_passing(self) -> bool {
        match self {
            Self::Throttled | Self::Unavailable => true,
            Self::Credentials | Self::Account | Self::WindowClosed | Self::Recipient | Self::Rejected => {
                false
            }
        }
    }
}

/// The group of a code.
pub fn classify(code: i64) -> ErrorClass {
    match code {
        4 | 80_007 | 130_429 | 131_048 | 131_056 => ErrorClass::Throttled,
        2 | 131_000 | 131_016 | 131_057 | 135_000 => ErrorClass::Unavailable,
        0 | 3 | 10 | 190 | 200..=299 | 131_005 => ErrorClass::Credentials,
        33 | 368 | 130_497 | 131_031 | 131_037 | 131_042 | 131_045 | 131_064 => ErrorClass::Account,
        131_047 => ErrorClass::WindowClosed,
        130_403 | 130_472 | 131_021 | 131_026 | 131_030 | 131_049 | 131_050 => ErrorClass::Recipient,
        _ => ErrorClass::Rejected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_group_holds_its_codes() {
        for (class, codes) in [
            (ErrorClass::Throttled, [4, 80_007, 130_429, 131_048, 131_056].as_slice()),
            (ErrorClass::Unavailable, &[2, 131_000, 131_016, 131_057, 135_000]),
            (ErrorClass::Credentials, &[0, 3, 10, 190, 200, 250, 299, 131_005]),
            (ErrorClass::Account, &[33, 368, 130_497, 131_031, 131_042]),
            (ErrorClass::WindowClosed, &[131_047]),
            (ErrorClass::Recipient, &[131_026, 131_049, 131_050, 130_472]),
            (ErrorClass::Rejected, &[1, 100, 199, 300, 131_008, 131_009, 132_001, -404, i64::MIN]),
        ] {
            for code in codes {
                assert_eq!(classify(*code), class, "{code}");
            }
        }
    }

    #[test]
    fn only_throttling_and_outages_pass() {
        let passing = |code| classify(code).is_passing();
        assert!([4, 80_007, 130_429, 131_056, 131_057, 131_000, 131_016, 135_000].into_iter().all(passing));
        assert!(![0, 1, 100, 190, 368, 131_026, 131_047, 132_001, 999_999].into_iter().any(passing));
    }
}
