//! What is particular to one file: opening it, closing it, and what it costs.

use std::{fs, path::Path};

use koppel_domain::{
    Command, Mode, PutUser,
    fixture::{self, Step, World, panel, phone, terms, v},
};
use koppel_protocol::decision::Verdict;
use rusqlite::Connection;

use crate::{
    Environment, OpenError, SqliteStore, Store,
    conformance::{Outside, ask, furnished, retell, run, store_conformance, whole, with_a_phone},
};

fn make(environment: Environment) -> (SqliteStore, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = SqliteStore::create(&folder.path().join("koppel.db"), environment).expect("a store");
    (store, folder)
}

store_conformance!(make);

fn open(path: &Path) -> Result<SqliteStore, OpenError> {
    SqliteStore::open(path, Outside::new().environment())
}

fn refused(path: &Path) -> String {
    match open(path) {
        Ok(_) => panic!("opened"),
        Err(error) => error.to_string(),
    }
}

/// threats row 34
#[tokio::test]
async fn what_was_acknowledged_is_there_after_a_restart() {
    let outside = Outside::new();
    let (store, folder, mut world, _) = with_a_phone(make, &outside).await;
    let told = world.told.len();
    world.challenge(1, Mode::Number);
    retell(&store, &outside, &world, told).await;
    drop(store);
    let store = open(&folder.path().join("koppel.db")).expect("opened");
    assert_eq!(whole(&store).await.as_ref(), Some(&world.account));
}

#[tokio::test]
async fn lazy_work_is_there_after_a_clean_close() {
    let outside = Outside::new();
    let (store, folder, mut world, device) = with_a_phone(make, &outside).await;
    world.wait(60);
    outside.set(world.now);
    let step = Step { command: Command::Seen { device }, actor: phone(device), source: None, proof: None };
    store.lazily(ask(&step));
    drop(store);
    let store = open(&folder.path().join("koppel.db")).expect("opened");
    let account = whole(&store).await.expect("there");
    assert_eq!(account.device(device).map(|device| device.last_seen), Some(world.now));
}

/// An approval costs three durable commits (challenge, decision, consumption), a typed code two; receipts ride along.
#[tokio::test]
async fn a_login_costs_as_few_commits_as_it_has_verdicts() {
    let outside = Outside::new();
    let (store, _folder, mut world, device) = with_a_phone(make, &outside).await;
    let told = world.told.len();
    let before = store.commits();
    let challenge = world.challenge(1, Mode::Number).id;
    fixture::expect(world.approve(device, challenge), "approved");
    fixture::expect(world.run(Command::Consume { challenge, terms: terms(), v: v(1) }, panel()), "consumed");
    retell(&store, &outside, &world, told).await;
    assert_eq!(store.commits() - before, 3);

    let (told, before) = (world.told.len(), store.commits());
    let challenge = world.challenge(1, Mode::Code).id;
    let code = world.right_code(challenge);
    fixture::expect(world.type_code(challenge, 1, code), "right");
    let step = Step { command: Command::Seen { device }, actor: phone(device), source: None, proof: None };
    store.lazily(ask(&step));
    retell(&store, &outside, &world, told).await;
    assert_eq!(store.commits() - before, 2);
}

#[tokio::test]
async fn what_a_commit_touched_is_heard_after_it() {
    let heard = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let hears = std::sync::Arc::clone(&heard);
    let outside = Outside::new();
    let environment = Environment {
        heard: std::sync::Arc::new(move |touched: &[crate::Touched]| {
            hears.lock().expect("held").extend_from_slice(touched)
        }),
        ..outside.environment()
    };
    let (store, _folder) = make(environment);
    outside.draw_from(1 << 40);
    store
        .register(crate::Registration::Organisation(Box::new(crate::conformance::organisation())))
        .await
        .expect("registered");
    let mut world = World::new();
    let device = world.active_phone("a");
    let challenge = world.challenge(1, Mode::Number).id;
    fixture::expect(world.answer(device, challenge, Verdict::Deny, None), "denied");
    retell(&store, &outside, &world, 0).await;
    let heard = heard.lock().expect("held").clone();
    let denied = &heard[heard.len() - 3..];
    assert_eq!(
        denied,
        [
            crate::Touched::User(world.account.user.id),
            crate::Touched::Challenge(challenge),
            crate::Touched::Device(device)
        ],
        "the phone takes it off its screen"
    );
}

/// A second process is refused before it touches anything; so is a second store in this one.
#[tokio::test]
async fn a_file_in_use_is_refused_with_a_sentence() {
    let (store, folder) = make(Outside::new().environment());
    let path = folder.path().join("koppel.db");
    assert!(refused(&path).contains("in use by another koppel-server"));
    drop(store);
    assert!(open(&path).is_ok());
}

#[test]
fn a_missing_file_is_not_made_by_accident() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("koppel.db");
    assert!(refused(&path).contains("koppel-server init"));
    assert!(!path.exists());
}

#[test]
fn a_newer_schema_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("koppel.db");
    Connection::open(&path)
        .expect("a file")
        .execute_batch("PRAGMA user_version = 99; CREATE TABLE t (n)")
        .expect("made");
    let before = fs::read(&path).expect("readable");
    assert!(refused(&path).contains("newer koppel-server"));
    assert_eq!(fs::read(&path).expect("readable")[100..], before[100..], "only the journal mode may differ");
}

#[tokio::test]
async fn an_older_schema_is_copied_first_and_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("koppel.db");
    let kept = crate::conformance::organisation();
    let old = Connection::open(&path).expect("a file");
    old.execute_batch(&format!("{}; PRAGMA user_version = 1", super::open::MIGRATIONS[0])).expect("made");
    let row = serde_json::to_string(&kept).expect("json");
    old.execute("INSERT INTO organisation (id, data) VALUES (?1, ?2)", (kept.id.as_bytes(), row)).expect("a row");
    drop(old);
    let store = SqliteStore::open(&path, Outside::new().environment()).expect("opened");
    assert_eq!(store.read(crate::Organisations {}).await, Ok(vec![kept.clone()]));
    assert_eq!(store.read(crate::Operators {}).await, Ok(Vec::new()));
    let copy = Connection::open(folder.path().join("koppel.db.schema-1")).expect("a copy");
    let (version, rows): (i64, i64) = copy
        .query_row("SELECT user_version, (SELECT count(*) FROM organisation) FROM pragma_user_version", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .expect("as it was");
    assert_eq!((version, rows), (1, 1));
}

#[test]
fn what_is_no_database_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("koppel.db");
    let text = "this is a letter, not a database ".repeat(300);
    fs::write(&path, &text).expect("written");
    assert!(refused(&path).contains("not a sound SQLite database"));
    assert_eq!(fs::read_to_string(&path).expect("readable"), text);
}

#[test]
fn a_folder_that_cannot_be_written_is_said_so() {
    let folder = tempfile::tempdir().expect("a folder");
    // A file where the folder should be fails for every user, root too.
    let path = folder.path().join("file");
    fs::write(&path, "").expect("written");
    let error = SqliteStore::create(&path.join("koppel.db"), Outside::new().environment()).map(drop);
    let error = error.expect_err("refused").to_string();
    assert!(error.contains("cannot be written"), "{error}");
}

/// The disk that is full is played by a limit on the file's pages.
#[tokio::test]
async fn a_full_disk_acknowledges_nothing_and_loses_nothing() {
    let outside = Outside::new();
    let (store, _folder) = furnished(make, &outside).await;
    let mut world = World::new();
    world.put_user();
    retell(&store, &outside, &world, 0).await;
    let limit = |pages: i64| {
        store.writer.ask(
            crate::conformance::soon(),
            move |connection| {
                connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |row| row.get::<_, i64>(0))
            },
            |_| (),
        )
    };
    limit(1).await.expect("limited to what is there");
    let mut refused = None;
    for n in 0..2000 {
        let login_name = format!("user{n}").parse().expect("a name");
        let put = PutUser::named(login_name);
        let at = crate::Locator::ExternalId(fixture::ORGANISATION, format!("{n}").parse().expect("an id"));
        let step = Step { command: Command::PutUser(Box::new(put)), actor: panel(), source: None, proof: None };
        let ask = crate::Ask { at: at.clone(), ..ask(&step) };
        if let Err(error) = store.execute(ask).await {
            refused = Some((error, at));
            break;
        }
    }
    let (error, at) = refused.expect("the disk fills");
    assert_eq!(error, crate::Unavailable::DiskFull);
    let needs = koppel_domain::Needs::default();
    assert_eq!(store.read(crate::Snapshot { at, needs }).await.expect("readable"), None, "nothing of it is there");
    assert_eq!(whole(&store).await.as_ref(), Some(&world.account));
    limit(1 << 30).await.expect("room again");
    fixture::expect(run(&store, Command::DeleteUser, panel()).await, "goes on");
}

/// threats row 4: what no verdict does, SQL does not do either.
#[tokio::test]
async fn the_database_itself_freezes_final_states_and_audit_entries() {
    let outside = Outside::new();
    let (store, _folder, mut world, device) = with_a_phone(make, &outside).await;
    let told = world.told.len();
    let challenge = world.challenge(1, Mode::Number).id;
    fixture::expect(world.answer(device, challenge, Verdict::Deny, None), "denied");
    retell(&store, &outside, &world, told).await;
    for sql in [
        "UPDATE challenge SET state = 'approved', final = 0",
        "UPDATE audit SET actor = 'somebody else' WHERE n = 1",
        "UPDATE pairing SET state = 'proven', final = 0",
    ] {
        let tried =
            store.writer.ask(crate::conformance::soon(), move |connection| connection.execute(sql, []), |_| ()).await;
        assert!(tried.is_err(), "{sql}");
    }
    assert_eq!(whole(&store).await.as_ref(), Some(&world.account));
}

/// threats row 28: neither codes nor koppelcodes nor link secrets are anywhere in the file, its log included.
#[tokio::test]
async fn a_stolen_file_holds_nothing_to_type() {
    let outside = Outside::new();
    let (store, folder, mut world, _) = with_a_phone(make, &outside).await;
    let told = world.told.len();
    let code = world.challenge(1, Mode::Code).id;
    let number = world.challenge(2, Mode::Number).id;
    let invitation = world.koppelcode();
    retell(&store, &outside, &world, told).await;
    let mut found = Vec::new();
    for file in ["koppel.db", "koppel.db-wal"] {
        found.extend(fs::read(folder.path().join(file)).unwrap_or_default());
    }
    let holds = |needle: &[u8]| found.windows(needle.len()).any(|window| window == needle);
    assert!(holds(b"jan.de.vries"), "the search finds what is there");
    assert!(!holds(world.right_code(code).expose().as_bytes()));
    assert!(!holds(world.right_number(number).expose().as_bytes()));
    let koppelcode = world.keys.koppelcode(invitation);
    assert!(!holds(koppelcode.to_text().as_bytes()) && !holds(&*koppelcode.to_bytes()));
    let secret = world.keys.link_secret(invitation);
    assert!(!holds(secret.expose()) && !holds(secret.to_text().as_bytes()));
}

/// threats row 34: a commit is on the disk, not only handed to the system, before anybody hears of it.
#[tokio::test]
async fn every_commit_waits_for_the_disk() {
    let (store, _folder) = make(Outside::new().environment());
    for (pragma, wanted) in [("journal_mode", "wal"), ("synchronous", "2"), ("secure_delete", "1")] {
        let read = move |connection: &rusqlite::Connection| {
            connection.pragma_query_value(None, pragma, |row| match row.get_ref(0)? {
                rusqlite::types::ValueRef::Integer(number) => Ok(number.to_string()),
                other => Ok(other.as_str()?.to_owned()),
            })
        };
        let found = store.writer.ask(crate::conformance::soon(), read, |_| ()).await;
        assert_eq!(found.as_deref(), Ok(wanted), "{pragma}");
    }
}
