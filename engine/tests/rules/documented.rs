//! The description of each request names the codes with which its command is refused.

use std::collections::BTreeSet;
use std::path::Path;

use schemas::{Command, Rejection};
use serde_json::Value;

use super::configuration::one_of_each;
use super::harness::Step;

/// Method and path of the requests that have this command carried out; none where nobody can ask for it.
fn requests(command: &Command) -> &'static [(&'static str, &'static str)] {
    match command {
        Command::DefineClient(_) => &[("put", "/v1/clients/{id}")],
        Command::DefineProject(_) => &[("put", "/v1/projects/{id}")],
        Command::DefineCampaign(_) => &[("put", "/v1/campaigns/{id}")],
        Command::DefineChannel(_) => &[("put", "/v1/channels/{id}")],
        Command::DefineDisposition(_) => &[("put", "/v1/dispositions/{id}")],
        Command::DefineAgent(_) => &[("put", "/v1/agents/{id}")],
        Command::DefineText(_) => &[("put", "/v1/texts/{id}")],
        Command::RemoveText(_) => &[("delete", "/v1/texts/{id}")],
        Command::DefineSettings(_) => &[("put", "/v1/settings")],
        Command::ChangePresence { .. } => &[("put", "/v1/agents/{id}/presence")],
        Command::ReceiveMessage(_) => &[("post", "/v1/channels/{channel}/inbound")],
        Command::Assign { .. } => &[("post", "/v1/conversations/{id}/assign")],
        Command::AcceptOffer { .. } => &[("post", "/v1/conversations/{id}/accept")],
        Command::DeclineOffer { .. } => &[("post", "/v1/conversations/{id}/decline")],
        Command::Send { .. } => &[("post", "/v1/conversations/{id}/messages")],
        Command::Transfer { .. } | Command::OfferTransfer { .. } => {
            &[("post", "/v1/conversations/{id}/transfer")]
        }
        Command::WithdrawTransfer { .. } => &[("post", "/v1/conversations/{id}/transfer/withdraw")],
        Command::TakeOver { .. } => &[("post", "/v1/conversations/{id}/take-over")],
        Command::GiveBack { .. } => &[("post", "/v1/conversations/{id}/give-back")],
        Command::Finish { .. } => &[("post", "/v1/conversations/{id}/finish")],
        Command::EndAfterWork { .. } => &[("post", "/v1/conversations/{id}/end-after-work")],
        Command::SetNeeds { .. } => &[("put", "/v1/conversations/{id}/needs")],
        Command::AddNote { .. } => &[("post", "/v1/conversations/{id}/notes")],
        Command::SetExclusiveAgent { .. } => &[
            ("put", "/v1/contacts/{id}/exclusive-agents/{campaign}"),
            ("put", "/v1/conversations/{id}/exclusive-agent"),
        ],
        Command::RemoveExclusiveAgent { .. } => &[
            ("delete", "/v1/contacts/{id}/exclusive-agents/{campaign}"),
            ("delete", "/v1/conversations/{id}/exclusive-agent"),
        ],
        Command::MergeContacts { .. } => &[("post", "/v1/contacts/{id}/merge")],
        Command::ChangeIdentity(_) => &[("post", "/v1/channels/{channel}/identity-changes")],
        Command::UpdateContact { .. } => &[("patch", "/v1/contacts/{id}")],
        Command::AddContactNote { .. } => &[("post", "/v1/contacts/{id}/notes")],
        Command::RecordReceipt(_) => &[("post", "/v1/channels/{channel}/receipts")],
        Command::Resend { .. } => &[("post", "/v1/conversations/{id}/messages/{message}/resend")],
        Command::Settle { .. } => &[("post", "/v1/conversations/{id}/messages/{message}/settle")],
        Command::CreateWorkspace(_)
        | Command::ReportConnection { .. }
        | Command::PassDeadline(_)
        | Command::BeginAttempt { .. }
        | Command::EndAttempt { .. } => &[],
    }
}

/// Whether a request can end in this, and not only a command that no gateway submits.
fn comes_of_a_request(path: &str, code: &str) -> bool {
    match code {
        // A gateway serves a workspace that it has created, and what it has sent is text.
        "unknown_workspace" | "content_not_sendable" => false,
        // It looks for the channel itself first, and says `master_not_found`.
        "unknown_channel" => !path.starts_with("/v1/channels/{channel}/"),
        _ => true,
    }
}

/// What the tests of masters say of every kind alike, and not in a table.
fn refusals_of_all_masters() -> impl Iterator<Item = (Step, Rejection)> {
    one_of_each().into_iter().flat_map(|(step, _)| {
        let refused = [Rejection::Forbidden, Rejection::TooMany("masters".into())];
        refused.map(|rejection| (step.clone(), rejection))
    })
}

/// The checked-in document, which a test of the gateway holds to what the code makes.
fn document() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/openapi.json");
    serde_json::from_slice(&std::fs::read(path).expect("the document")).expect("JSON")
}

#[test]
fn every_request_names_what_its_command_is_refused_with() {
    let document = document();
    let mut missing = BTreeSet::new();
    for (step, rejection) in super::refusals().into_iter().chain(refusals_of_all_masters()) {
        let code = rejection.code();
        let requests = requests(step.command()).iter();
        for (method, path) in requests.filter(|(_, path)| comes_of_a_request(path, code)) {
            let description = document["paths"][path][method]["description"].as_str();
            let text = description.unwrap_or_else(|| panic!("{method} {path} is not described"));
            if !text.contains(&format!("`{code}`")) {
                missing.insert(format!("{method} {path}: {code}"));
            }
        }
    }
    assert!(missing.is_empty(), "not named:\n{}", Vec::from_iter(missing).join("\n"));
}
