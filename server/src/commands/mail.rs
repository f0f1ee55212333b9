//! Whether mail to users goes out.

use std::sync::Arc;

use koppel_domain::outbox::End;
use koppel_domain::{MailAddress, Subscriber};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Refused, parcels};
use crate::app::App;
use crate::outbox;

/// One thing to do about mail.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailStep {
    /// A mail that nothing happened for, now.
    Test {
        /// To whom.
        to: String,
    },
    /// What was sent lately, with every try.
    Log {
        /// Only what never arrived.
        lost: bool,
        /// At most so many.
        limit: u32,
    },
    /// What never arrived is tried again, now.
    Again,
}

pub(super) async fn act(app: &Arc<App>, step: MailStep) -> Result<Value, Refused> {
    let off = || {
        Refused::because(
            "mail is off: start the server with --mail-server URL and --mail-from ADDRESS, or with --mail-folder DIR to try things",
        )
    };
    match step {
        MailStep::Test { to } => {
            let to: MailAddress = to.parse().map_err(|error| Refused(format!("`{to}`: {error}")))?;
            let (end, took) = outbox::try_mail(app, &to).await?.ok_or_else(off)?;
            match end {
                End::Taken(said) => Ok(json!({ "taken": said, "milliseconds": took })),
                End::Failed(why) | End::Hopeless(why) => Err(Refused(format!("the mail did not go out: {why}"))),
            }
        }
        MailStep::Log { lost, limit } => {
            let mut answer = parcels::log(app, Subscriber::Mail, lost, limit).await?;
            answer["last_week"] = parcels::counts(app, Subscriber::Mail).await?;
            Ok(answer)
        }
        MailStep::Again if app.mail.is_none() => Err(off()),
        MailStep::Again => parcels::again(app, Subscriber::Mail).await,
    }
}
