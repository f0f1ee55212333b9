//! A user's methods and phones, as the panel that owns the user manages them.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use http::{HeaderMap, StatusCode};
use koppel_domain::{Command, MethodKind, Reply, Scope};
use koppel_protocol::SecretText;
use koppel_protocol::id::DeviceId;
use serde::Deserialize;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::caller::{Asked, Caller};
use super::users::{locate, read};
use crate::app::App;
use crate::problem::{Problem, Slug};
use crate::source::Source;

/// Shortest and longest seed, in bytes. RFC 4226 §4 R6 asks 128 bits; what is out there has 80.
const SEED: std::ops::RangeInclusive<usize> = 10..=64;

/// An authenticator that the user proved elsewhere.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AuthenticatorBody {
    /// The seed in base 32 (RFC 4648), 10 to 64 bytes; any case, with or without padding and spaces.
    #[schema(value_type = String, example = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")]
    secret: SecretText,
}

/// Bring an authenticator along
///
/// For users who proved one elsewhere, so that nobody enrols twice: SHA-1, six digits, 30 seconds. It counts at once. 409
/// `already-decided` when the user has one here.
#[utoipa::path(
    put, path = "/v1/users/{external_id}/methods/{kind}", tag = "users", request_body = AuthenticatorBody,
    params(("external_id" = String, Path, description = "The panel's own id"),
        ("kind" = String, Path, description = "`totp`")),
    responses((status = 204, description = "It counts")),
    security(("key" = ["manage"]))
)]
pub(super) async fn import(
    State(app): State<Arc<App>>,
    Path((external_id, kind)): Path<(String, String)>,
    request: Request,
) -> Result<StatusCode, Problem> {
    let asked = Asked::read(&app, request, Scope::Manage).await?;
    // Only an authenticator can be brought along.
    kind.parse::<MethodKind>()
        .ok()
        .filter(|kind| *kind == MethodKind::Totp)
        .ok_or_else(|| Problem::new(Slug::NotFound))?;
    let at = locate(&asked.caller, &external_id)?;
    let AuthenticatorBody { secret } = asked.json()?;
    let seed = seed(secret.expose())?;
    let user = read(&app, at.clone()).await?.user.id;
    let command = Command::ImportAuthenticator { seed: app.seal_seed(user, &seed)? };
    match app.decide(at, command, asked.caller.by()).await? {
        Reply::Done => Ok(StatusCode::NO_CONTENT),
        _ => Err(Problem::new(Slug::Unavailable)),
    }
}

/// Reads base 32 as people and exports write it.
pub(crate) fn seed(text: &str) -> Result<Zeroizing<Vec<u8>>, Problem> {
    let wrong = || Problem::because(Slug::InvalidField, "Field `secret`: base 32 of 10 to 64 bytes.");
    let kept = text.chars().filter(|c| !matches!(c, ' ' | '-' | '=')).map(|c| c.to_ascii_uppercase());
    let kept: Zeroizing<String> = Zeroizing::new(kept.take(104).collect());
    let seed = data_encoding::BASE32_NOPAD.decode(kept.as_bytes()).map(Zeroizing::new).map_err(|_| wrong())?;
    if SEED.contains(&seed.len()) { Ok(seed) } else { Err(wrong()) }
}

/// Remove a method
///
/// Whatever is left: a user without any method is set up anew with a koppelcode. Phones are told. The app goes by its phones.
#[utoipa::path(
    delete, path = "/v1/users/{external_id}/methods/{kind}", tag = "users",
    params(("external_id" = String, Path, description = "The panel's own id"),
        ("kind" = String, Path, description = "`totp` or `recovery`")),
    responses((status = 204, description = "It is gone")),
    security(("key" = ["manage"]))
)]
pub(super) async fn remove(
    State(app): State<Arc<App>>,
    Path((external_id, kind)): Path<(String, String)>,
    source: Source,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let caller = Caller::of(&app, &headers, source, Scope::Manage).await?;
    let at = locate(&caller, &external_id)?;
    let kind: MethodKind = kind.parse().map_err(|_| Problem::new(Slug::NotFound))?;
    read(&app, at.clone()).await?;
    app.decide(at, Command::RemoveMethod { kind }, caller.by()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Remove a phone
///
/// The phone and the user's others are told.
#[utoipa::path(
    delete, path = "/v1/users/{external_id}/devices/{device}", tag = "users",
    params(("external_id" = String, Path, description = "The panel's own id"),
        ("device" = String, Path, description = "The phone, of `devices`")),
    responses((status = 204, description = "It is gone")),
    security(("key" = ["manage"]))
)]
pub(super) async fn remove_device(
    State(app): State<Arc<App>>,
    Path((external_id, device)): Path<(String, String)>,
    source: Source,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let caller = Caller::of(&app, &headers, source, Scope::Manage).await?;
    let at = locate(&caller, &external_id)?;
    let device: DeviceId = device.parse().map_err(|_| Problem::new(Slug::NotFound))?;
    let account = read(&app, at.clone()).await?;
    let phone = account.device(device).cloned().ok_or_else(|| Problem::new(Slug::NotFound))?;
    app.decide(at, Command::RemoveDevice { device }, caller.by()).await?;
    crate::delivery::unlinked::tell(&app, &[phone]);
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_read_as_people_write_them() {
        let plain = seed("JBSWY3DPEHPK3PXP").expect("a seed");
        assert_eq!(plain.as_slice(), b"Hello!\xde\xad\xbe\xef");
        for same in ["jbsw y3dp ehpk 3pxp", "JBSWY3DP-EHPK3PXP", "JBSWY3DPEHPK3PXP===="] {
            assert_eq!(seed(same).expect("a seed"), plain, "{same}");
        }
        for wrong in ["", "JBSWY3DP", "JBSWY3DPEHPK3PX1", "JBSWY3DPEHPK3PXPÄ", &"A".repeat(200)] {
            assert!(seed(wrong).is_err(), "{wrong}");
        }
    }
}
