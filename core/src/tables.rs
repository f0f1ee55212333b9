//! Every pair of state and event, written out.
//!
//! A machine's table is generated: each of its states meets each of its events. A pair is either refused, and then the
//! state must be the same as before, or it leads somewhere with some effects. The whole table is a file in
//! `tests/golden/tables`, so that a change of one cell is a line in a review; `KOPPEL_BLESS=1` writes them anew.

use std::{fmt::Debug, fmt::Write, path::Path, sync::Mutex};

use koppel_protocol::{
    AgreementKey, Crypto, Envelope, Secret,
    soft::{SoftAgreementKey, SoftCrypto},
};
use zeroize::Zeroizing;

use crate::{
    AccountId, Now, Toolbox,
    clock::ServerClock,
    moment::{Generation, Moment},
    refused::Refused,
};

/// The moment of every event of a table, in monotonic milliseconds.
pub(crate) const NOW_MS: u64 = 1_000_000;
/// The server's time then, in seconds.
pub(crate) const SERVER_S: u64 = 1_800_000_000;
/// An order that nobody gave.
pub(crate) const FOREIGN: Generation = 999_999;

/// A toolbox with seeded dice and one `seal` key.
pub(crate) struct Tools {
    crypto: SoftCrypto,
    pub(crate) seal: SoftAgreementKey,
    pub(crate) auth: Secret<16>,
}

impl Default for Tools {
    fn default() -> Self {
        let counter = Mutex::new(0_u64);
        let crypto = SoftCrypto::new(move |bytes: &mut [u8]| {
            let mut counter = counter.lock().unwrap();
            for chunk in bytes.chunks_mut(32) {
                *counter += 1;
                chunk.copy_from_slice(&koppel_protocol::hash::sha256(&counter.to_be_bytes()).as_bytes()[..chunk.len()]);
            }
            Ok(())
        });
        let seal = SoftAgreementKey::generate(&crypto).unwrap();
        Self { crypto, seal, auth: Secret::new([7; 16]) }
    }
}

impl Toolbox for Tools {
    fn crypto(&self) -> &dyn Crypto {
        &self.crypto
    }

    fn open(&self, _: AccountId, envelope: &Envelope) -> Option<Zeroizing<String>> {
        envelope.open(&self.seal, &self.auth).ok()
    }
}

impl Tools {
    /// Seals a message for this phone.
    pub(crate) fn sealed(&self, message: &str) -> Envelope {
        Envelope::seal(&self.crypto, &self.seal.public(), &self.auth, message).unwrap()
    }
}

/// The moment of a table, or `later_ms` after it; the server's clock is known.
pub(crate) fn moment<'a>(tools: &'a Tools, generations: &'a mut Generation, later_ms: u64) -> Moment<'a> {
    let now = Now { wall_ms: 0, monotonic_ms: NOW_MS };
    let mut clock = ServerClock::default();
    clock.learn(SERVER_S as i64 * 1_000, NOW_MS, now);
    let now = Now { wall_ms: later_ms as i64, monotonic_ms: NOW_MS + later_ms };
    Moment { now, clock, on_screen: true, account: AccountId::from_bytes([1; 16]), tools, generations }
}

/// A named state, and a named event made to fit (or not to fit) the state it meets.
pub(crate) type Named<T> = (&'static str, T);
pub(crate) type Maker<M, E> = Box<dyn Fn(&M) -> E>;

/// Generates the table of a machine and compares it with the file of that name.
pub(crate) fn check<M, E, F>(
    name: &str,
    states: Vec<Named<M>>,
    events: Vec<Named<Maker<M, E>>>,
    step: impl Fn(&mut M, E, &str) -> Result<Vec<F>, Refused>,
    called: impl Fn(&M) -> String,
) where
    M: Clone + PartialEq,
    F: Debug,
{
    let mut table = String::new();
    for (state, before) in &states {
        writeln!(table, "{state}").unwrap();
        for (event, make) in &events {
            let mut machine = before.clone();
            let cell = match step(&mut machine, make(before), event) {
                Err(refused) => {
                    assert!(machine == *before, "{name}: {state} × {event} is refused and changed something");
                    format!("refused: {refused:?}")
                }
                Ok(effects) => {
                    let effects: Vec<_> = effects.iter().map(brief).collect();
                    format!("{} [{}]", called(&machine), effects.join(", "))
                }
            };
            writeln!(table, "    {event:<34} {cell}").unwrap();
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/tables").join(format!("{name}.txt"));
    if std::env::var_os("KOPPEL_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &table).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    for (line, (is, should)) in table.lines().zip(golden.lines()).enumerate() {
        assert_eq!(is, should, "{name}, line {}", line + 1);
    }
    assert_eq!(table.lines().count(), golden.lines().count(), "{name} has as many cells as its file");
}

/// The name of an effect and, where it is one, of what is in it; no ids and no bytes.
fn brief(effect: &impl Debug) -> String {
    let text = format!("{effect:?}");
    let name = text.split([' ', '{']).next().unwrap_or_default();
    if name.starts_with("Nonce(") {
        return "Nonce".to_owned();
    }
    let open = name.contains('(') && !name.ends_with(')');
    if open { format!("{name})") } else { name.to_owned() }
}
