//! The rules of the domain, each as a test that reads like it: given what has happened, when a command comes, then
//! these events or this rejection.

mod rules {
    #[macro_use]
    mod harness;
    mod centre;

    mod assign;
    mod attempts;
    mod business_hours;
    mod configuration;
    mod connection;
    mod contacts;
    mod delivery;
    mod documented;
    mod exclusive;
    mod finish;
    mod inactivity;
    mod inbound;
    mod offer;
    mod presence;
    mod routing;
    mod send;
    mod service_level;
    mod take_over;
    mod texts;
    mod transfer;
    mod transfer_offer;

    use harness::Step;
    use schemas::Rejection;

    /// The writer's own: it is about the command's id, which the domain does not look at.
    const NOT_OF_THE_DOMAIN: &str = "idempotency_key_reused";

    /// What is asked in every test of a table, and what it ends in.
    fn refusals() -> Vec<(Step, Rejection)> {
        let tables = [
            assign::refusals(),
            attempts::refusals(),
            business_hours::refusals(),
            configuration::refusals(),
            connection::refusals(),
            contacts::refusals(),
            delivery::refusals(),
            exclusive::refusals(),
            finish::refusals(),
            inactivity::refusals(),
            inbound::refusals(),
            offer::refusals(),
            presence::refusals(),
            routing::refusals(),
            send::refusals(),
            service_level::refusals(),
            take_over::refusals(),
            texts::refusals(),
            transfer_offer::refusals(),
            transfer::refusals(),
        ];
        tables.into_iter().flatten().collect()
    }

    #[test]
    fn every_rejection_has_a_test_that_ends_in_it() {
        let tested: Vec<&str> = refusals().iter().map(|(_, rejection)| rejection.code()).collect();
        let untested: Vec<&&str> = Rejection::CODES
            .iter()
            .filter(|code| **code != NOT_OF_THE_DOMAIN && !tested.contains(*code))
            .collect();
        assert!(untested.is_empty(), "no test ends in {untested:?}");
    }
}
