//! text.json

use koppel_protocol::Text;
use serde_json::json;

use super::{Book, case};

pub(crate) fn book() -> Book {
    let long = "é".repeat(40);
    let cases = [
        ("plain", "most text stays as it is", "Café Ångström 東京 ☎"),
        ("empty", "nothing is text too", ""),
        ("bidi override", "characters that change the direction go", "bank\u{202e}knab"),
        ("bidi isolate", "characters that change the direction go", "a\u{2066}b\u{2069}c"),
        ("zero width", "invisible characters go", "a\u{200b}b\u{feff}c\u{2060}"),
        ("escape", "control characters go", "\u{1b}[31mrood"),
        ("NUL", "control characters go", "a\u{0}b"),
        ("lines", "line ends and other spaces become one space", "twee\r\n\u{a0}\u{2003}regels"),
        ("ends", "no space at either end", "  naam  "),
        ("stacked marks", "at most two marks on a character", "z\u{300}\u{301}\u{302}\u{303}algo"),
        ("tags", "tag characters go", "\u{e0041}x"),
        ("private use", "private characters go", "a\u{e000}b"),
        ("64 bytes", "64 bytes stay", &"x".repeat(64)),
        ("65 bytes", "longer text is cut and ends in …", &"x".repeat(65)),
        ("between characters", "never within a character", &long),
    ]
    .map(|(name, shows, given)| {
        let clean = Text::clean(given);
        case(name, shows, json!({ "given": given, "clean": clean, "accepted_as_is": Text::exact(given).is_ok() }))
    });
    let about = "Text that one side writes and the other shows. `clean` is what a writer makes of it; \
                 a reader refuses a message whose text is not clean already (`accepted_as_is` false).";
    Book::new("text", about, json!({}), cases.into())
}
