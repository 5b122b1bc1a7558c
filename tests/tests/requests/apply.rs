//! `atender apply`: makes the contact centre be as a file says, and says where a file is wrong.

use serde_json::{Value, json};
use tempfile::TempDir;
use tests::ask::read_at;
use tests::centre::Centre;
use tests::program::{Ran, run};
use tests::server::TestServer;

const PROGRAM: &str = env!("CARGO_BIN_EXE_atender-under-test");
const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/contact-centre.toml");

async fn apply(server: &TestServer, file: &str) -> Ran {
    run(PROGRAM, server.server.admin_token(), &["apply", file, "--url", &server.url()]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn applying_a_file_twice_changes_nothing_the_second_time() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let first = apply(&server, EXAMPLE).await.output();
    let (told, summary) = first.trim_end().rsplit_once('\n').unwrap();
    let (changed, of_all) = summary.split_once(' ').unwrap();
    assert_eq!(told.lines().count().to_string(), changed, "{first}");
    assert!(told.contains("set campaigns.") && told.contains("set agents."), "{first}");
    let after = server.head().await;
    assert_eq!(apply(&server, EXAMPLE).await.output(), format!("0 {of_all}\n"));
    assert_eq!(server.head().await, after, "the log has grown");
    let ana: Value = read_at(&server.admin(), "/v1/agents/ana", after).await;
    assert_eq!((&ana["definition"]["role"], &ana["presence"]), (&json!("agent"), &json!("offline")));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_in_a_file_is_said_with_file_line_and_field() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let dir = TempDir::new().unwrap();
    let campaign = "[campaigns.c]\nproject = \"help\"\nname = \"C\"\ndispositions = []\n";
    for (text, line, field, reason) in [
        // What the server finds.
        ("[projects.p]\nname = \"P\"\nclient = \"nobody\"\n", 3, "projects.p.client", "unknown_client"),
        (
            &format!("{campaign}\nchannels = [\"wa\", \"nowhere\"]\n"),
            6,
            "campaigns.c.channels",
            "unknown_channel",
        ),
        // What is found before it is asked.
        ("[clients.c]\nname = \"C\"\n[clients.d]\nname = 5\n", 4, "clients.d.name", "expected a string"),
        ("[clients.c]\nname = \"C\"\ncolour = \"red\"\n", 3, "clients.c.colour", "unknown field"),
        ("[clients.c]\nname = \"C\n", 2, "", "string"),
    ] {
        let file = dir.path().join("wrong.toml");
        std::fs::write(&file, text).unwrap();
        let file = file.to_str().unwrap();
        let ran = apply(&server, file).await;
        assert!(!ran.success, "{ran:?}");
        assert!(ran.stderr.contains(&format!("{file}:{line}: {field}")), "{}", ran.stderr);
        assert!(ran.stderr.contains(reason), "{}", ran.stderr);
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_exported_applies_to_the_same_state() {
    let (server, other) =
        (TestServer::start_quiet(Centre::default()).await, TestServer::start_quiet(Centre::default()).await);
    apply(&server, EXAMPLE).await.output();
    let export = async |server: &TestServer| {
        read_at::<Value>(&server.admin(), "/v1/settings", server.head().await).await;
        run(PROGRAM, server.server.admin_token(), &["export-config", "--url", &server.url()]).await.output()
    };
    let text = export(&server).await;
    for kind in
        ["settings", "clients", "projects", "channels", "dispositions", "campaigns", "texts", "agents"]
    {
        assert!(text.contains(&format!("[{kind}")), "no {kind} in {text}");
    }
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("exported.toml");
    std::fs::write(&file, &text).unwrap();
    let file = file.to_str().unwrap();
    let unchanged = apply(&server, file).await.output();
    assert!(unchanged.starts_with("0 of "), "{unchanged}");
    apply(&other, file).await.output();
    assert_eq!(export(&other).await, text);
    // No file is written over.
    let arguments = ["export-config", "--url", &server.url(), "--output", file];
    let refused = run(PROGRAM, server.server.admin_token(), &arguments).await;
    assert!(!refused.success && refused.stderr.contains("cannot be written"), "{refused:?}");
    for (server, output) in [(&server, "again.toml"), (&other, "other.toml")] {
        let output = dir.path().join(output);
        let output = output.to_str().unwrap();
        let arguments = ["export-config", "--url", &server.url(), "--output", output];
        run(PROGRAM, server.server.admin_token(), &arguments).await.output();
        assert_eq!(std::fs::read_to_string(output).unwrap(), text);
    }
    server.stop().await;
    other.stop().await;
}
