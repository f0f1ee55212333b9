//! threats row 48: a relay that grinds.
//!
//! The relay stands between a phone and a server, with pairings of its own to both. It wins when the number on the phone
//! is the number its own pairing needs: the person would type it and activate the relay's device. It may choose names,
//! random bytes, keys and signatures, and start again; three transcripts are all a code gives.
//!
//! Numbers of three digits (the last three of the six) make chance visible: a thousandth for each transcript.

use koppel_protocol::{
    Bytes, KeyVersion, Nonce, Secret, SigningKey as _, Text,
    bytes::encode,
    hash::sha256,
    id::PairingId,
    jws::{self, Unsigned, Unverified},
    pairing::{HeldKey, Introduction, IntroductionText, KeyLevel, PairingOffer, Platform, Transcript},
    soft::SoftSigningKey,
};

const RUNS: u64 = 100_000;
const TRANSCRIPTS: u64 = 3;
const NUMBERS: u64 = 1000;

/// Reproducible dice.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> [u8; 32] {
        self.0 += 1;
        *sha256(&self.0.to_be_bytes()).as_bytes()
    }
}

/// The last three digits of the check number.
fn number(transcript: Transcript) -> u64 {
    transcript.check_number().expose()[3..].parse().unwrap()
}

struct Cast {
    key: SoftSigningKey,
    offer: PairingOffer,
    /// The JSON of an introduction, and of an offer, whose random bytes are zero.
    written: [String; 2],
}

const ZEROS: Bytes<32> = Bytes::new([0; 32]);

impl Cast {
    fn new() -> Self {
        let [server, id, seal] = [1, 2, 3].map(|byte| SoftSigningKey::from_scalar(&[byte; 32]).unwrap());
        let offer = PairingOffer {
            pid: PairingId::from_bytes([1; 16]),
            c: Bytes::new([2; 32]),
            server_id: koppel_protocol::ServerId::of(&server.public()),
            version: KeyVersion::FIRST,
            rs: ZEROS,
            organisation: Text::clean("De Linden"),
            host: "koppel.example.org".parse().unwrap(),
            account: Text::clean("anna"),
            exp: 1_794_997_400,
            nonce: Nonce::from_bytes([4; 24]),
        };
        let level = KeyLevel::Software;
        let introduction = Introduction {
            id: HeldKey { spki: id.public(), level },
            seal: HeldKey { spki: seal.public(), level },
            approve: None,
            auth: Secret::new([5; 16]),
            ra: ZEROS,
            name: Text::clean("phone"),
            platform: Platform::Terminal,
        };
        let written = [serde_json::to_string(&introduction).unwrap(), serde_json::to_string(&offer).unwrap()];
        Self { key: server, offer, written }
    }

    /// An introduction with these random bytes.
    fn introduction(&self, ra: [u8; 32]) -> IntroductionText {
        let json = self.written[0].replacen(&ZEROS.to_string(), &Bytes::new(ra).to_string(), 1);
        encode(json.as_bytes()).parse().unwrap()
    }

    /// What is signed in m2, with these random bytes. The signature itself enters nothing.
    fn offer(&self, rs: [u8; 32], c: Bytes<32>) -> Vec<u8> {
        let json = self.written[1].replacen(&ZEROS.to_string(), &Bytes::new(rs).to_string(), 1);
        let json = json.replacen(&self.offer.c.to_string(), &c.to_string(), 1);
        format!("{HEADER}.{}", encode(json.as_bytes())).into_bytes()
    }
}

/// The header of every m2.
const HEADER: &str = "eyJhbGciOiJFUzI1NiIsInR5cCI6InBhaXJpbmcrand0Iiwia2lkIjoiMSJ9";

/// What the harness writes by hand, quickly, is what the library writes.
#[test]
fn the_harness_speaks_the_protocol() {
    let cast = Cast::new();
    let introduction = cast.introduction([9; 32]);
    assert_eq!(introduction.read().unwrap().to_text().unwrap(), introduction);
    assert_eq!(introduction.read().unwrap().ra, Bytes::new([9; 32]));
    let offer = PairingOffer { rs: Bytes::new([8; 32]), c: Bytes::new([7; 32]), ..cast.offer.clone() };
    let unsigned = Unsigned::new(&offer, &KeyVersion::FIRST).unwrap();
    assert_eq!(cast.offer([8; 32], Bytes::new([7; 32])), unsigned.signing_input());
}

/// One transcript with each side, in the order the protocol forces. True: the relay's number is the person's number.
fn relayed(cast: &Cast, dice: &mut Dice) -> bool {
    // The phone commits first; the relay sees only the hash.
    let phone = cast.introduction(dice.roll());
    let promised = phone.commitment();
    // So the relay must commit to its own keys before it knows the phone's, and before the server draws rs.
    let relay = cast.introduction(dice.roll());
    let to_relay = cast.offer(dice.roll(), relay.commitment());
    let target = number(Transcript::of(&to_relay, &relay));
    // It knows the number it needs, and may make any number of answers for the phone. But it needs O to try one, and the
    // phone reveals O only after it took the one answer it will ever take. All it can do is to guess: grind against an O
    // of its own invention.
    let guessed = cast.introduction(dice.roll());
    let to_phone = (0..2)
        .map(|_| cast.offer(dice.roll(), promised))
        .find(|offer| number(Transcript::of(offer, &guessed)) == target)
        .unwrap_or_else(|| cast.offer(dice.roll(), promised));
    number(Transcript::of(&to_phone, &phone)) == target
}

#[test]
fn a_relay_that_grinds_wins_no_more_often_than_by_chance() {
    let cast = Cast::new();
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(8) as u64;
    let won: u64 = std::thread::scope(|scope| {
        let runs = |thread: u64| {
            let (cast, mut dice) = (&cast, Dice(thread << 48));
            let mine = RUNS / threads + u64::from(thread < RUNS % threads);
            scope.spawn(move || (0..mine).filter(|_| (0..TRANSCRIPTS).any(|_| relayed(cast, &mut dice))).count() as u64)
        };
        let running: Vec<_> = (0..threads).map(runs).collect();
        running.into_iter().map(|run| run.join().unwrap()).sum()
    });
    // 3 transcripts of 1 in 1000 are at most 300 in 100,000; six standard deviations of chance are 104.
    let bound = RUNS * TRANSCRIPTS / NUMBERS;
    assert!(won <= bound + 104, "{won} of {RUNS}");
    assert!(won >= bound - 104, "{won} of {RUNS}: the harness itself is broken");
}

/// The same relay against a protocol without the commitment: the phone sends O at once, the server accepts any O later.
#[test]
fn without_the_commitment_the_same_relay_always_wins() {
    let cast = Cast::new();
    let mut dice = Dice(1 << 60);
    let no_promise = Bytes::new([0; 32]);
    for _ in 0..20 {
        let phone = cast.introduction(dice.roll());
        let to_relay = cast.offer(dice.roll(), no_promise);
        let shown = number(Transcript::of(&cast.offer(dice.roll(), no_promise), &phone));
        // Now it grinds its own O until the server's number is the one that the phone shows.
        let tries = (0..20_000).position(|_| {
            let relay = cast.introduction(dice.roll());
            number(Transcript::of(&to_relay, &relay)) == shown
        });
        assert!(tries.is_some());
    }
}

#[test]
fn signing_again_changes_no_number() {
    let cast = Cast::new();
    let phone = cast.introduction([9; 32]);
    let text = jws::sign(&cast.offer, &KeyVersion::FIRST, &cast.key).unwrap();
    let (signing_input, _) = text.rsplit_once('.').unwrap();
    let resigned = format!("{signing_input}.{}", "B".repeat(85) + "A");
    let of = |text: &str| {
        let offer = Unverified::<PairingOffer>::parse(text).unwrap();
        Transcript::of(offer.signing_input(), &phone).check_number()
    };
    assert_eq!(of(&text), of(&resigned));
}
