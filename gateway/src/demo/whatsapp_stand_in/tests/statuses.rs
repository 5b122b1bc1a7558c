//! Status webhooks, received by a callback that checks their signatures.

use std::collections::HashMap;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;

use super::*;
use crate::whatsapp::signature;
use crate::whatsapp::webhook::{DeliveryStatus, StatusUpdate, UpdateKind, parse};

const SECRET: &[u8] = b"app-secret";

/// A callback that checks and keeps what it gets, and refuses the first `refusals` webhooks.
#[derive(Clone, Default)]
struct Callback {
    received: Arc<Mutex<Vec<StatusUpdate>>>,
    refusals: Arc<Mutex<u32>>,
}

impl Callback {
    async fn start(refusals: u32) -> (Self, WebhookTarget) {
        let callback = Self { refusals: Arc::new(Mutex::new(refusals)), ..Self::default() };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}/webhook", listener.local_addr().unwrap());
        let app = Router::new().route("/webhook", post(Self::receive)).with_state(callback.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        (callback, WebhookTarget { url, app_secret: SECRET.to_vec() })
    }

    async fn receive(State(callback): State<Self>, headers: HeaderMap, body: Bytes) -> StatusCode {
        let header = headers.get(signature::HEADER_NAME).and_then(|value| value.to_str().ok());
        signature::verify(&[SECRET], header, &body).unwrap();
        let mut refusals = callback.refusals.lock().unwrap();
        if *refusals > 0 {
            *refusals -= 1;
            return StatusCode::SERVICE_UNAVAILABLE;
        }
        for update in parse(&body).unwrap() {
            let UpdateKind::Status(status) = update.kind else { panic!("{update:?}") };
            callback.received.lock().unwrap().push(status);
        }
        StatusCode::OK
    }

    fn by_message(&self) -> HashMap<String, Vec<DeliveryStatus>> {
        let mut by_message: HashMap<_, Vec<_>> = HashMap::new();
        for status in self.received.lock().unwrap().iter() {
            by_message.entry(status.our_message_id.clone().unwrap()).or_default().push(status.status);
        }
        by_message
    }
}

async fn all_webhooks(meta: &StandIn) -> WebhookCounts {
    loop {
        let counts = meta.webhook_counts();
        if counts.planned > 0 && counts.delivered + counts.given_up == counts.planned {
            return counts;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn statuses_come_signed_in_order_and_with_the_callback_data() {
    let meta = StandIn::start(options()).await.unwrap();
    let (callback, target) = Callback::start(0).await;
    meta.deliver_to(target);
    for n in 0..10 {
        send_text(&meta, "551190", &format!("m{n}")).await;
    }
    let counts = all_webhooks(&meta).await;
    assert_eq!(counts, WebhookCounts { planned: 30, delivered: 30, retries: 0, given_up: 0 });
    for n in 0..10 {
        assert_eq!(
            callback.by_message()[&format!("m{n}")],
            [DeliveryStatus::Sent, DeliveryStatus::Delivered, DeliveryStatus::Read]
        );
    }
    let wamids: Vec<_> = meta.accepted().into_iter().map(|message| message.wamid).collect();
    assert!(callback.received.lock().unwrap().iter().all(|status| wamids.contains(&status.provider_id)));
    meta.stop().await;
}

#[tokio::test]
async fn statuses_can_be_reordered_doubled_and_left_out() {
    let statuses = StatusScript {
        reordered: 0.5,
        duplicated: 0.3,
        unread: 0.2,
        delivered_skipped: 0.3,
        ..StatusScript::default()
    };
    let meta = StandIn::start(StandInOptions { seed: 3, statuses, ..options() }).await.unwrap();
    let (callback, target) = Callback::start(0).await;
    meta.deliver_to(target);
    for n in 0..60 {
        send_text(&meta, "551190", &format!("m{n}")).await;
    }
    all_webhooks(&meta).await;
    let all = callback.by_message();
    let sequences: Vec<&Vec<DeliveryStatus>> = all.values().collect();
    let some = |rule: fn(&[DeliveryStatus]) -> bool| sequences.iter().any(|sequence| rule(sequence));
    assert_eq!(all.len(), 60);
    assert!(sequences.iter().all(|sequence| sequence.contains(&DeliveryStatus::Sent)));
    assert!(some(|s| s[0] != DeliveryStatus::Sent));
    assert!(some(|s| !s.contains(&DeliveryStatus::Read)));
    assert!(some(|s| !s.contains(&DeliveryStatus::Delivered)));
    assert!(some(|s| s.iter().filter(|status| **status == DeliveryStatus::Sent).count() == 2));
    for sequence in sequences {
        let skipped = !sequence.contains(&DeliveryStatus::Delivered);
        assert!(!skipped || sequence.contains(&DeliveryStatus::Read), "only read implies delivered");
    }
}

#[tokio::test]
async fn a_webhook_not_answered_200_is_tried_again_and_in_the_end_given_up() {
    let statuses =
        StatusScript { attempts_max: 3, backoff: Duration::from_millis(700), ..StatusScript::default() };
    let meta = StandIn::start(StandInOptions { statuses, ..options() }).await.unwrap();
    let (callback, target) = Callback::start(1).await;
    meta.deliver_to(target);
    send_text(&meta, "551190", "m1").await;
    let counts = all_webhooks(&meta).await;
    assert_eq!(counts, WebhookCounts { planned: 3, delivered: 3, retries: 1, given_up: 0 });
    assert_eq!(callback.by_message()["m1"].last(), Some(&DeliveryStatus::Sent));

    *callback.refusals.lock().unwrap() = 9;
    send_text(&meta, "551190", "m2").await;
    let counts = all_webhooks(&meta).await;
    assert_eq!(counts, WebhookCounts { planned: 6, delivered: 3, retries: 7, given_up: 3 });
    meta.stop().await;
}
