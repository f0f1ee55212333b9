//! Users from a file: judged as a whole, all or none, and nobody enrols twice.

use std::path::PathBuf;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::files::run;
use crate::fixture::{Session, World};

const SEED: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
const WHY: [&str; 4] = ["--reason", "from the old panel", "--ticket", "T-1"];

struct File {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

fn file(text: &str) -> File {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("users.csv");
    std::fs::write(&path, text).unwrap();
    File { _folder: folder, path }
}

/// What the command answers, or says on stderr.
fn import(world: &World, file: &File, more: &[&str]) -> Result<Value, String> {
    let arguments = [&["user", "import", file.path.to_str().unwrap(), "--json"], WHY.as_slice(), more].concat();
    let output = run(&world.config.database, &arguments);
    assert!(!String::from_utf8_lossy(&output.stderr).contains(SEED), "a secret was said");
    if output.status.success() {
        Ok(serde_json::from_slice(&output.stdout).unwrap())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

fn counted(answer: &Value) -> [u64; 4] {
    ["created", "changed", "unchanged", "authenticators"].map(|name| answer[name].as_u64().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn users_come_with_their_authenticators_and_a_second_run_changes_nothing() {
    let world = World::start().await;
    world.put_user("bas").await;
    let users = file(&format!(
        "external_id,login_name,display,locale,group,totp_secret\nanna,anna,Anna Jansen,nl,support,{SEED}\nbas,bas,Bas,,,\n"
    ));
    let tried = import(&world, &users, &["--dry-run"]).unwrap();
    assert_eq!((counted(&tried), &tried["dry_run"]), ([1, 1, 0, 1], &json!(true)));
    assert_eq!(world.get("/v1/users/anna").await.status, StatusCode::NOT_FOUND, "a dry run changes nothing");
    assert_eq!(counted(&import(&world, &users, &[]).unwrap()), [1, 1, 0, 1]);
    let anna = world.get("/v1/users/anna").await.body;
    assert_eq!(
        (&anna["display"], &anna["group"], &anna["locale"]),
        (&json!("Anna Jansen"), &json!("support"), &json!("nl"))
    );
    assert_eq!((&anna["enrolled"], &anna["methods"][0]["kind"]), (&json!(true), &json!("totp")));
    let version = anna["version"].clone();
    assert_eq!(counted(&import(&world, &users, &[]).unwrap()), [0, 0, 2, 0]);
    assert_eq!(world.get("/v1/users/anna").await.body["version"], version, "a second run changes nothing");

    world.clock.forward(30);
    let session = Session::new();
    let mut login = world.login("anna", &session);
    login["mode"] = Value::Null;
    let started = world.post("/v1/challenges", login).await;
    assert_eq!((started.status, &started.body["methods"]), (StatusCode::CREATED, &json!(["totp"])), "{started:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_line_that_cannot_be_taken_leaves_everything_as_it_was() {
    let world = World::start().await;
    world.put_user("anna").await;
    let users = file("external_id,login_name\nnew,new\nother,Anna\n");
    let said = import(&world, &users, &[]).unwrap_err();
    for part in ["line 3", "belongs to the user with external id `anna`", "nothing was changed"] {
        assert!(said.contains(part), "{said:?} lacks {part:?}");
    }
    assert_eq!(world.get("/v1/users/new").await.status, StatusCode::NOT_FOUND);
    let said = import(&world, &file("external_id,login_name,totp_secret\nnew,new,1\n"), &[]).unwrap_err();
    assert!(said.contains("line 2: `totp_secret`"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_users_go_in_parts() {
    let world = World::start().await;
    let lines: String = (0..100).map(|n| format!("{n},user-{n}\n")).collect();
    let users = file(&format!("external_id,login_name\n{lines}"));
    assert_eq!(counted(&import(&world, &users, &[]).unwrap()), [100, 0, 0, 0]);
    for n in [0, 31, 32, 99] {
        assert_eq!(world.get(&format!("/v1/users/{n}")).await.body["login_name"], format!("user-{n}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn users_come_with_their_numbers_and_addresses() {
    let world = World::start().await;
    let users = file(concat!(
        "external_id;login_name;protected;mobile;mobile_verified;mail\n",
        "anna;anna;TRUE;06-12345678;true;anna@example.nl, anna@example.org\n",
        "bas;bas;;;;\n",
    ));
    assert_eq!(counted(&import(&world, &users, &[]).unwrap()), [2, 0, 0, 0]);
    let anna = world.get("/v1/users/anna").await.body;
    assert_eq!(
        json!([anna["protected"], anna["mobile"], anna["mobile_verified"], anna["mail"]]),
        json!([true, "06 •• •• •• 78", true, ["a•••@example.nl", "a•••@example.org"]])
    );
    assert_eq!(counted(&import(&world, &users, &[]).unwrap()), [0, 0, 2, 0], "a second run changes nothing");
    let again = file("external_id,login_name,mobile,protected\nanna,anna,+31 6 87654321,false\nbas,bas,,\n");
    assert_eq!(counted(&import(&world, &again, &["--dry-run"]).unwrap()), [0, 1, 1, 0]);
    assert_eq!(counted(&import(&world, &again, &[]).unwrap()), [0, 1, 1, 0]);
    let anna = world.get("/v1/users/anna").await.body;
    assert_eq!(
        json!([anna["protected"], anna["mobile"], anna["mobile_verified"], anna["mail"][1]]),
        json!([false, "06 •• •• •• 21", false, "a•••@example.org"]),
        "another number is nobody's yet, and what is left out stays"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_names_the_line_and_the_column_of_what_is_wrong() {
    let world = World::start().await;
    let users = file(concat!(
        "external_id,login_name,mobile,mobile_verified,mail\n",
        "1,anna,06123CANARY,,\n",
        "2,bas,020 123 4567,,\n",
        "3,cor,,true,\n",
        "4,dirk,,,a@x.nl b@x.nl c@x.nl d@x.nl\n",
        "5,eva,06 12345678,false,eva@x.nl\n",
    ));
    let said = import(&world, &users, &["--dry-run"]).unwrap_err();
    for part in [
        "line 2: `mobile`",
        "line 3: `mobile`: this is not a mobile number",
        "line 4: `mobile_verified`",
        "line 5: `mail`",
        "nothing was changed",
    ] {
        assert!(said.contains(part), "{said:?} lacks {part:?}");
    }
    assert!(!said.contains("line 6") && !said.contains("CANARY") && !said.contains("a@x"), "{said}");
}
