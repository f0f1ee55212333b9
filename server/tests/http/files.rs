//! Files, ports and disks that are not as they should be: each is a sentence that says what to do, and nothing is lost.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use koppel_server::{Clock, Config};

use crate::fixture::{World, organisation, start};

/// A command in a process of its own.
pub(crate) fn run(database: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_koppel-server")).args(arguments).arg("--database").arg(database).output().unwrap()
}

fn refused(database: &Path, arguments: &[&str], parts: &[&str]) {
    let output = run(database, arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{arguments:?}: {said}");
    for part in parts {
        assert!(said.contains(part), "{arguments:?} says {said:?}, without {part:?}");
    }
    assert!(!said.contains("panicked"), "{said}");
}

fn beside(database: &Path, suffix: &str) -> std::path::PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(suffix);
    path.into()
}

async fn made() -> (tempfile::TempDir, Config) {
    let folder = tempfile::tempdir().unwrap();
    let config = Config::new(folder.path().join("koppel.sqlite"));
    koppel_server::commands::init(&config, organisation()).await.unwrap();
    (folder, config)
}

#[tokio::test]
async fn a_server_without_init_is_refused_and_nothing_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("koppel.sqlite");
    refused(&database, &["serve"], &["does not exist", "koppel-server init"]);
    refused(&database, &["user", "show", "anna"], &["does not exist", "koppel-server init"]);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was made");
}

#[tokio::test]
async fn init_never_overwrites_and_a_failed_one_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("koppel.sqlite");
    refused(&database, &["init", "--organisation", "O", "--public-url", "http://example.org"], &["loopback", "https"]);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was made");
    let init = ["init", "--organisation", "O", "--public-url", "https://2fa.example.org"];
    let output = run(&database, &init);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    refused(&database, &init, &["exists already", "serve"]);
    for entry in std::fs::read_dir(folder.path()).unwrap().map(Result::unwrap) {
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?} is for its owner alone", entry.file_name());
    }
}

#[tokio::test]
async fn keys_that_others_can_read_or_that_are_gone_stop_the_server() {
    let (_folder, config) = made().await;
    std::fs::set_permissions(&config.keys, std::fs::Permissions::from_mode(0o640)).unwrap();
    refused(&config.database, &["serve"], &["can be read by others", "chmod 600"]);
    std::fs::set_permissions(&config.keys, std::fs::Permissions::from_mode(0o600)).unwrap();
    let kept = std::fs::read(&config.keys).unwrap();
    std::fs::write(&config.keys, b"{}").unwrap();
    refused(&config.database, &["serve"], &["not a keys file", "restore it"]);
    std::fs::remove_file(&config.keys).unwrap();
    refused(&config.database, &["serve"], &["keys are missing", "Put the file back"]);
    std::fs::write(&config.keys, kept).unwrap();
    std::fs::set_permissions(&config.keys, std::fs::Permissions::from_mode(0o600)).unwrap();
    start(&config, Clock::system()).await.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_in_use_is_left_alone() {
    let world = World::start().await;
    refused(&world.config.database, &["serve", "--listen", "127.0.0.1:0"], &["in use"]);
    let shown = run(&world.config.database, &["organisation", "list", "--json"]);
    assert!(shown.status.success(), "commands go to the running server");
    assert!(String::from_utf8_lossy(&shown.stdout).contains("De Linden"));
    refused(&world.config.database, &["user", "show", "nobody"], &["no user `nobody`"]);
    refused(&world.config.database, &["restore"], &["in use"]);
}

#[tokio::test]
async fn a_newer_database_and_one_that_is_none_are_refused_untouched() {
    let (_folder, config) = made().await;
    let connection = rusqlite::Connection::open(&config.database).unwrap();
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    connection.execute_batch(&format!("PRAGMA user_version = {}", version + 1)).unwrap();
    drop(connection);
    refused(&config.database, &["serve"], &["newer koppel-server", "nothing was changed"]);
    std::fs::write(
        &config.database,
        b"this is no database, but somebody's diary, and it is long enough to look like a page",
    )
    .unwrap();
    for suffix in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(beside(&config.database, suffix));
    }
    refused(&config.database, &["serve"], &["not a sound SQLite database"]);
    assert!(std::fs::read(&config.database).unwrap().starts_with(b"this is no database"));
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let (_folder, config) = made().await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    refused(
        &config.database,
        &["serve", "--listen", &address],
        &[&address, "another program listens there", "--listen"],
    );
}

#[tokio::test]
async fn open_plain_http_is_refused() {
    let (_folder, config) = made().await;
    refused(&config.database, &["serve", "--listen", "0.0.0.0:0"], &["--tls-cert", "--trusted-proxy"]);
    refused(&config.database, &["serve", "--tls-cert", "x.pem"], &["belong together"]);
    refused(&config.database, &["serve", "--tls-cert", "/no/c.pem", "--tls-key", "/no/k.pem"], &["/no/c.pem", "PEM"]);
    refused(&config.database, &["serve", "--public-url", "http://example.org"], &["https"]);
}

#[tokio::test]
async fn a_wrong_configuration_file_is_named_with_its_line() {
    let (folder, config) = made().await;
    let file = folder.path().join("koppel.toml");
    std::fs::write(&file, "listen = '127.0.0.1:0'\nlimts = 3\n").unwrap();
    refused(&config.database, &["serve", "--config", file.to_str().unwrap()], &["koppel.toml", "limts", "line 2"]);
    refused(&config.database, &["serve", "--config", "/no/such.toml"], &["/no/such.toml", "cannot be read"]);
}

/// Row 50: a database that was copied back does not start until somebody says that it was.
#[tokio::test]
async fn a_restored_backup_starts_only_after_restore_and_old_nonces_are_dead() {
    let world = World::start().await;
    let phone = world.phone("anna").await;
    let nonce = phone.nonce(&world).await;
    let World { running, folder, config, http, clock, key, sibling, .. } = world;
    running.stop().await;
    let backup: Vec<_> = ["", "-wal"]
        .map(|suffix| (beside(&config.database, suffix), std::fs::read(beside(&config.database, suffix)).ok()))
        .into();
    let running = start(&config, Clock::system()).await;
    let url = running.url();
    let world = World { running, url, folder, config, http, clock, key, sibling };
    world.put_user("bert").await;
    let World { running, folder, config, http, clock, key, sibling, .. } = world;
    running.stop().await;
    for suffix in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(beside(&config.database, suffix));
    }
    for (path, content) in backup {
        if let Some(content) = content {
            std::fs::write(path, content).unwrap();
        }
    }
    refused(
        &config.database,
        &["serve", "--listen", "127.0.0.1:0"],
        &["restored from a backup", "koppel-server restore"],
    );
    let restored = run(&config.database, &["restore", "--json"]);
    assert!(restored.status.success(), "{}", String::from_utf8_lossy(&restored.stderr));
    let running = start(&config, Clock::system()).await;
    let url = running.url();
    let world = World { running, url, folder, config, http, clock, key, sibling };
    let proof = phone.proof("POST", "/d/v1/inbox", b"{}", nonce);
    let old = phone.send(&world, "/d/v1/inbox", b"{}".to_vec(), &proof).await;
    assert_eq!(old.slug(), "use-nonce", "{old:?}");
    assert_eq!(
        phone.proven(&world, "/d/v1/inbox", serde_json::json!({})).await.status,
        200,
        "the phone itself stays paired"
    );
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_named() {
    if rustix::process::geteuid().is_root() {
        // Root writes everywhere; a file where the folder should be is refused all the same.
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, b"").unwrap();
        let database = file.join("koppel.sqlite");
        refused(&database, &["init", "--organisation", "O", "--public-url", "https://a.example"], &["koppel.sqlite"]);
        return;
    }
    let (folder, config) = made().await;
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o500)).unwrap();
    refused(&config.database, &["serve", "--listen", "127.0.0.1:0"], &["cannot be written"]);
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
}

/// A full disk: nothing is acknowledged that is not kept, the server lives, and afterwards it goes on.
#[tokio::test]
async fn a_full_disk_refuses_and_loses_nothing() {
    let world = World::start().await;
    let World { running, folder, config, http, clock, key, sibling, .. } = world;
    running.stop().await;
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (address, url) = (format!("127.0.0.1:{port}"), format!("http://127.0.0.1:{port}"));
    // No file may grow over 600 KiB: what the system says then is what it says on a full disk.
    let mut server = Command::new("bash")
        .args(["-c", "trap '' XFSZ; ulimit -f 600; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_koppel-server")])
        .args(["serve", "--listen", &address, "--public-url", &url, "--database"])
        .arg(&config.database)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut first = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(server.stdout.take().unwrap()), &mut first).unwrap();
    assert!(first.starts_with("listening on"), "{first}");
    let spare = World::start().await;
    let world = World { running: spare.running, url, folder, config, http, clock, key, sibling };
    let mut kept = Vec::new();
    let refused = loop {
        let name = format!("user{}", kept.len());
        assert!(kept.len() < 5_000, "the disk never became full");
        let body = serde_json::json!({ "login_name": name, "display": "x".repeat(60), "group": "y".repeat(60) });
        let path = format!("/v1/users/{name}");
        let answer = world.call(&world.key, reqwest::Method::PUT, &path, Some(&body)).await;
        if !answer.status.is_success() {
            break answer;
        }
        kept.push(path);
    };
    assert_eq!((refused.status.as_u16(), refused.slug()), (503, "unavailable"), "{refused:?}");
    let alive = world.http.get(format!("{}/healthz", world.url)).send().await.unwrap();
    assert_eq!(alive.status(), 200, "the server lives and reads");
    Command::new("kill").arg(server.id().to_string()).status().unwrap();
    server.wait().unwrap();
    let World { running, folder, config, http, clock, key, sibling, .. } = world;
    running.stop().await;
    let running = start(&config, Clock::system()).await;
    let url = running.url();
    let world = World { running, url, folder, config, http, clock, key, sibling };
    for path in &kept {
        assert_eq!(world.get(path).await.status, 200, "{path} was acknowledged");
    }
    world.put_user("afterwards").await;
}
