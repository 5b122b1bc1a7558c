//! Contacts found over HTTP of an `atender serve` of its own, asked at their time: by words and beginnings of words that
//! few or many have, by numbers and by addresses.

use std::time::{Duration, Instant};

use schemas::{ContactField, FieldSet};
use tests::centre::identity;

use crate::deployment::{Deployment, Serving};
use crate::groups::http::EmptyHandler;
use crate::http_load::{get, post};
use crate::job;
use crate::load::{Latencies, open_loop};
use crate::past::{Lives, Past};
use crate::progress;
use crate::row::{Bar, Table};
use crate::scale::{Scale, words};

const FOUND_WITHIN_MILLIS: f64 = 10.0;
const QUERIES_PER_SECOND: u64 = 100;
const CONNECTIONS: usize = 8;
const SPAN: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// So many given names there are, the first of them far more often than the last.
const GIVEN_NAMES: u64 = 300;
const SYLLABLES: [&str; 20] = [
    "ma", "ro", "li", "ca", "ne", "do", "su", "ta", "gi", "be", "fo", "pa", "lu", "ze", "mo", "ri", "qui",
    "sa", "te", "vi",
];

pub(crate) async fn measure(table: &mut Table, scale: Scale) {
    let contacts = scale.of(50_000, 1_000_000);
    let deployment = Deployment::new();
    let written = write(&deployment, contacts);
    if table.attempt(&format!("{} contacts", words(contacts)), written).await.is_none() {
        return;
    }
    let found = table.attempt("contacts found", search(&deployment, contacts, scale)).await;
    let Some((empty, found)) = found else { return };
    for (kind, latencies) in found {
        let of = |quantile: &str| format!("contacts found by {kind}, of {}, {quantile}", words(contacts));
        let limit = |quantile| ("a handler that does nothing, the same", empty.quantile(quantile));
        table.add(of("p50"), (latencies.quantile(0.5), "ms"), limit(0.5), Bar::None);
        let bar = Bar::ValueAtMost(FOUND_WITHIN_MILLIS);
        table.add(of("p99"), (latencies.quantile(0.99), "ms"), limit(0.99), bar);
    }
}

/// A log in which each contact wrote once and was written down, and the views of it.
async fn write(deployment: &Deployment, contacts: u64) {
    let (nats, log) = deployment.nats().await;
    let lives = Lives { conversations: contacts, rounds: 1, open_of: 0, span: SPAN };
    let mut past = Past::begin(Some(log), &lives).await;
    let bar = progress::counting("writing down contacts", contacts);
    for number in 0..contacts {
        past.meet(number, profile(number)).await;
        if number.is_multiple_of(10_000) {
            bar.set_position(number);
        }
    }
    past.end().await;
    job::rebuild(&deployment.nats_dir(), &deployment.views_dir()).await;
    nats.stop().await;
}

fn profile(number: u64) -> Vec<FieldSet> {
    let person = Person::of(number);
    let set = |field, value: String| FieldSet { field, value: Some(value) };
    vec![
        set(ContactField::Name, format!("{} {} {}", person.given, person.family, person.mothers)),
        set(ContactField::Email, person.email),
        set(ContactField::Document, person.document),
    ]
}

/// A made-up person, the same for the same number.
struct Person {
    given: String,
    family: String,
    mothers: String,
    email: String,
    document: String,
}

impl Person {
    fn of(number: u64) -> Self {
        let (given, family, mothers) =
            (given_name(scatter(number)), family_name(number, 1), family_name(number, 2));
        Self {
            email: format!("{given}.{family}{number}@example.com"),
            document: format!(
                "{:08}{}",
                scatter(number) % 100_000_000,
                char::from(b'A' + (number % 23) as u8)
            ),
            given,
            family,
            mothers,
        }
    }
}

/// Scatters numbers as a hash does.
fn scatter(number: u64) -> u64 {
    let mixed = (number ^ (number >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 8
}

fn word(mut number: u64, syllables: u32) -> String {
    let mut word = String::new();
    for _ in 0..syllables {
        word.push_str(SYLLABLES[(number % SYLLABLES.len() as u64) as usize]);
        number /= SYLLABLES.len() as u64;
    }
    word
}

fn given_name(chance: u64) -> String {
    // The product of two even chances: the first hundredth of the names has a twentieth of the people.
    let rank = (chance % GIVEN_NAMES) * ((chance / GIVEN_NAMES) % GIVEN_NAMES) / GIVEN_NAMES;
    word(rank * 17 + 3, 2) + "a"
}

fn family_name(number: u64, which: u64) -> String {
    word(scatter(number * 3 + which), 3)
}

type Found = Vec<(&'static str, Latencies)>;

async fn search(deployment: &Deployment, contacts: u64, scale: Scale) -> (Latencies, Found) {
    let serving = deployment.serve().await;
    serving.ready().await;
    let total = QUERIES_PER_SECOND * scale.time(1_000, 10_000).as_millis() as u64 / 1_000;
    let handler = EmptyHandler::start().await;
    let nothing = (0..total).map(|number| (due(number), post("/", &[], b"x"))).collect();
    let empty = open_loop(handler.addr, CONNECTIONS, Instant::now(), nothing).await.latencies;
    let somebody = |number: u64| Person::of(scatter(number + 77) % contacts);
    let kinds: [(&'static str, &dyn Fn(u64) -> String); 9] = [
        ("one letter", &|number| somebody(number).family[..1].to_owned()),
        ("a beginning of three letters", &|number| somebody(number).family[..3].to_owned()),
        ("a word", &|number| somebody(number).family),
        ("two words", &|number| {
            let person = somebody(number);
            format!("{}+{}", person.given, person.family)
        }),
        ("two words that many have", &|number| {
            format!("{}+{}", given_name(number), given_name(number * 7 + 5))
        }),
        ("phone", &|number| identity(scatter(number + 77) % contacts)),
        ("the last six digits of a phone", &|number| {
            let phone = identity(scatter(number + 77) % contacts);
            phone[phone.len() - 6..].to_owned()
        }),
        ("e-mail address", &|number| somebody(number).email),
        ("document", &|number| somebody(number).document),
    ];
    let mut found = Vec::new();
    for (kind, query) in kinds {
        found.push((kind, ask(&serving, total, query).await));
    }
    serving.stop().await;
    (empty, found)
}

async fn ask(serving: &Serving, total: u64, query: &dyn Fn(u64) -> String) -> Latencies {
    let headers = serving.authorization();
    let headers = [("authorization", headers.as_str())];
    let request = |number| get(&format!("/v1/contacts?limit=20&q={}", query(number)), &headers);
    let schedule = (0..total).map(|number| (due(number), request(number))).collect();
    open_loop(serving.addr, CONNECTIONS, Instant::now(), schedule).await.latencies
}

fn due(number: u64) -> Duration {
    Duration::from_micros(number * 1_000_000 / QUERIES_PER_SECOND)
}
