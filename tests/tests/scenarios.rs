//! A contact centre at work, over HTTP: what each part of the domain promises, as an agent or a customer meets it. The six
//! actions are in `actions.rs`; a file here for each of the rest.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod scenarios {
    mod business_hours;
    mod contacts;
    mod exclusive;
    mod finish;
    mod inactivity;
    mod offers;
    mod presence;
    mod routing;
    mod service_level;
    mod suffered_elsewhere;
    mod take_over;
    mod texts;
    mod transfer_offer;
}
