//! The web panel of a telephone exchange: a small relying party, and the example to copy.
//!
//! It knows its users' passwords and nothing of phones. For the second factor it asks a Koppel server, through the public
//! HTTP API alone, and then believes the server as little as it can. In the order of a login:
//!
//! 1. [`users`] checks the password, [`throttle`] how often it was wrong, and [`session`] begins a session that opens
//!    nothing yet.
//! 2. [`attempt`] draws the secret `v` that ties everything to this one browser; [`verification`] asks the server for a
//!    page and sends the browser there.
//! 3. The browser comes back. [`attempt`] says whether it comes back from where it was sent; [`verification`] exchanges
//!    its code; [`verdict`] weighs the answer: is it this user, this purpose, and what stands behind it?
//! 4. Where a phone signed, [`evidence`] checks the signature ([`jws`]) and [`pins`] whether the key is one that is known.
//! 5. The session gets another name, and the start page says what stands behind the login: the phone's own signature, or
//!    the server's word.
//!
//! Everything that goes wrong on this way ends outside. No setting changes that.
//!
//! [`directory`] is the other direction: the server asks whether a password typed on a phone is right.
//! To copy it into a panel of your own, take `attempt`, `verification`, `verdict`, `evidence`, `jws` and `pins`; the rest
//! is what your panel has already.

pub mod address;
pub mod arguments;
pub mod attempt;
pub mod browser;
pub mod clock;
pub mod cookie;
pub mod directory;
pub mod evidence;
pub mod json_file;
pub mod jws;
pub mod language;
pub mod pages;
pub mod pins;
pub mod secret;
pub mod session;
pub mod site;
pub mod texts;
pub mod throttle;
pub mod users;
pub mod verdict;
pub mod verification;
