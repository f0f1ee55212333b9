//! A QR code as one small inline SVG.

use std::fmt::Write as _;

use fast_qr::{ECL, QRBuilder};

/// The text does not fit a QR code that a phone reads from a screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the text is too long for a QR code")]
pub struct TooLong;

/// An SVG picture of a QR code, dark on light in every theme: scanners do not read it reversed.
#[derive(Clone)]
pub struct QrCode {
    size: usize,
    path: String,
}

/// The quiet zone that ISO/IEC 18004 asks for, in modules.
const MARGIN: usize = 4;

impl QrCode {
    /// Draws `text`, with the error correction that survives a scratched screen (level M).
    pub fn new(text: &str) -> Result<Self, TooLong> {
        let code = QRBuilder::new(text).ecl(ECL::M).build().map_err(|_| TooLong)?;
        // Lines through the middle of each run of dark modules: a fifth of the size of a square
        // for each module.
        let mut path = String::new();
        for y in 0..code.size {
            let row = &code[y];
            let mut pen = None;
            let mut x = 0;
            while x < code.size {
                let run = row[x..].iter().take_while(|module| module.value()).count();
                if run > 0 {
                    let _ = match pen {
                        None => write!(path, "M{} {}.5h{run}", x + MARGIN, y + MARGIN),
                        Some(pen) => write!(path, "m{} 0h{run}", x - pen),
                    };
                    pen = Some(x + run);
                }
                x += run.max(1);
            }
        }
        Ok(QrCode { size: code.size + 2 * MARGIN, path })
    }

    /// The width and height of the picture in modules, with the quiet zone.
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// The dark modules, as the `d` of a path to be stroked one module wide.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }
}

/// The picture is a secret in another shape.
impl std::fmt::Debug for QrCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("QrCode").field("size", &self.size).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_paints_exactly_the_dark_modules() {
        let text = "https://2fa.voorbeeld.nl/p#v=1&s=abc&t=def&k=ghi";
        let drawn = QrCode::new(text).unwrap();
        let code = QRBuilder::new(text).ecl(ECL::M).build().unwrap();
        let mut painted = vec![vec![false; drawn.size]; drawn.size];
        for row in drawn.path.split('M').skip(1) {
            let (start, runs) = row.split_once(".5h").unwrap();
            let (x, y) = start.split_once(' ').unwrap();
            let [mut x, y]: [usize; 2] = [x, y].map(|n| n.parse().unwrap());
            for step in format!("m0 0h{runs}").split('m').skip(1) {
                let (gap, run) = step.split_once(" 0h").unwrap();
                let [gap, run]: [usize; 2] = [gap, run].map(|n| n.parse().unwrap());
                x += gap;
                painted[y][x..x + run].fill(true);
                x += run;
            }
        }
        for y in 0..code.size {
            for x in 0..code.size {
                assert_eq!(painted[y + MARGIN][x + MARGIN], code[y][x].value(), "{x},{y}");
            }
        }
        assert!(painted[..MARGIN].iter().flatten().all(|dark| !dark));
    }

    #[test]
    fn a_text_that_does_not_fit_is_refused() {
        assert_eq!(QrCode::new(&"x".repeat(4000)).unwrap_err(), TooLong);
    }

    #[test]
    fn what_it_encodes_is_not_printed() {
        let shown = format!("{:?}", QrCode::new("geheim").unwrap());
        assert!(!shown.contains('M') && shown.contains("size"), "{shown}");
    }
}
