//! What a relying party's pages load beside ours: a stylesheet with its colour, and its logo. Both are served from here, under names with
//! the hash of their bytes, so that nothing stands inline and a browser may keep them for ever.

use koppel_domain::{Colour, Logo, RelyingParty};

use super::accent::Accent;
use super::assets::named;

/// The look of a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// The address of the stylesheet with the colour; none: ours.
    pub accent: Option<String>,
    /// The logo; none: the first letter of the name.
    pub logo: Option<LogoShown>,
}

/// A logo on a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoShown {
    /// Its address.
    pub href: String,
    /// Its pixels from left to right, so that nothing jumps when it comes.
    pub width: u32,
    /// Its pixels from top to bottom.
    pub height: u32,
}

/// A file of a relying party.
#[derive(Clone, Debug)]
pub struct OwnFile {
    /// The last part of its address.
    pub name: String,
    /// What it holds.
    pub bytes: Vec<u8>,
    /// The value of `Content-Type`.
    pub content_type: &'static str,
}

/// Where the files of relying parties are.
const FOLDER: &str = "/static/own";

impl Look {
    /// The look of a relying party.
    pub fn of(party: &RelyingParty) -> Look {
        Look::with(party.accent, party.logo.as_ref())
    }

    /// The look with this colour and logo.
    pub fn with(accent: Option<Colour>, logo: Option<&Logo>) -> Look {
        Look {
            accent: accent.and_then(stylesheet).map(|file| format!("{FOLDER}/{}", file.name)),
            logo: logo.map(|logo| LogoShown {
                href: format!("{FOLDER}/{}", picture(logo).name),
                width: logo.width,
                height: logo.height,
            }),
        }
    }
}

/// All files of a relying party.
pub fn own_files(accent: Option<Colour>, logo: Option<&Logo>) -> impl Iterator<Item = OwnFile> {
    accent.and_then(stylesheet).into_iter().chain(logo.map(picture))
}

/// What was taken once stays readable; what is not is not shown.
fn stylesheet(accent: Colour) -> Option<OwnFile> {
    let bytes = Accent::of(accent).ok()?.stylesheet().into_bytes();
    Some(OwnFile { name: named("accent", "css", &bytes), bytes, content_type: "text/css; charset=utf-8" })
}

fn picture(logo: &Logo) -> OwnFile {
    let bytes = logo.png.to_vec();
    OwnFile { name: named("logo", "png", &bytes), bytes, content_type: "image/png" }
}
