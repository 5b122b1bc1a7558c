//! What this version does not understand is kept byte for byte.

use schemas::Content;
use schemas::api::views::EntryBody;
use tests::ask::lines;
use tests::centre::{Centre, identity};
use tests::server::TestServer;
use tests::whatsapp::WRITTEN_AT_SECONDS;

use super::posting::{envelope, post_signed};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_understood_is_kept_byte_for_byte() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let head = format!(r#""from":"{}","timestamp":"{WRITTEN_AT_SECONDS}""#, identity(1));
    let image = r#"{"id":"1.0e3", "caption":"caf\u00e9 \/ \uD83D\uDE00","sha256":"a+b="}"#;
    let raws = [
        format!(r#"{{{head},"id":"wamid.1","type":"image","image":{image}}}"#),
        format!(r#"{{{head},"id":"wamid.2","type":"reaction","reaction":{{"message_id":"w","emoji":""}}}}"#),
        format!(r#"{{ {head},"id":"wamid.3","type":"unsupported","errors":[{{"code":131051,"n":1.50}}]}}"#),
        format!(r#"{{{head},"id":"wamid.4","type":"of-next-year","of-next-year":[null,{{}}]}}"#),
    ];
    let body = envelope(&format!(r#""messages":[{}]"#, raws.join(",")));
    assert_eq!(post_signed(&server, &body).await.status, 200);
    let conversation = server.conversation(1).await;
    let mut kept = Vec::new();
    for entry in lines(&server.admin(), conversation).await.into_iter().rev() {
        if let EntryBody::Inbound { content: Content::Unsupported { kind, raw }, .. } = entry.body {
            kept.push((kind, raw));
        }
    }
    let kinds = ["image", "reaction", "unsupported", "of-next-year"].map(str::to_owned);
    assert_eq!(kept, kinds.into_iter().zip(raws).collect::<Vec<_>>());
    assert_eq!(server.inbox(0).await[0].last_message.as_ref().unwrap().preview, "[of-next-year]");
    server.stop().await;
}
