//! A logo, looked through before it is kept: a small PNG of nothing but its pixels.
//!
//! A file from outside is shown to everybody who logs in. So it is read chunk by chunk (PNG, third edition, section 5): every length and
//! checksum must fit, only what makes the picture is kept, and nothing may follow its end. SVG is not taken: it is a document.

use koppel_domain::{Logo, SharedBytes};

/// The longest file, so that a page with all that it loads stays below 30 KiB.
pub const MOST: usize = 2048;
/// The most pixels from side to side: enough for the sharpest screen.
const MOST_PIXELS: u32 = 512;
const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Why a file was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotALogo {
    /// Longer than a page can carry.
    #[error("the logo is {0} bytes; a page carries at most {MOST}: make it smaller, with fewer colours")]
    TooLong(usize),
    /// Another kind of file.
    #[error("the logo is not a PNG file")]
    NotPng,
    /// Broken, or with something that does not belong there.
    #[error("the logo is a damaged PNG file, or there is something behind its end: save it again")]
    Damaged,
    /// Too many pixels.
    #[error("the logo is {0} by {1} pixels; at most {MOST_PIXELS} by {MOST_PIXELS}, and 72 high is enough")]
    TooLarge(u32, u32),
}

/// Reads a file, and keeps of it what makes the picture.
///
/// # Errors
/// [`NotALogo`].
pub fn read(file: &[u8]) -> Result<Logo, NotALogo> {
    if file.len() > MOST {
        return Err(NotALogo::TooLong(file.len()));
    }
    let mut rest = file.strip_prefix(SIGNATURE).ok_or(NotALogo::NotPng)?;
    let mut png = SIGNATURE.to_vec();
    let mut kinds: Vec<[u8; 4]> = Vec::new();
    let mut size = None;
    while kinds.last() != Some(b"IEND") {
        let chunk = Chunk::next(&mut rest).ok_or(NotALogo::Damaged)?;
        match (&chunk.kind, kinds.is_empty()) {
            (b"IHDR", true) => size = Some(header(chunk.data)?),
            (b"PLTE" | b"tRNS", false) if !kinds.contains(&chunk.kind) && !kinds.contains(b"IDAT") => {}
            (b"IDAT", false) => {}
            (b"IEND", false) if chunk.data.is_empty() && kinds.contains(b"IDAT") => {}
            // A lower-case first letter says that the picture is whole without it.
            ([first, ..], false) if first.is_ascii_lowercase() => continue,
            _ => return Err(NotALogo::Damaged),
        }
        kinds.push(chunk.kind);
        png.extend_from_slice(chunk.whole);
    }
    match size {
        Some((width, height)) if rest.is_empty() => Ok(Logo { png: SharedBytes::from(png), width, height }),
        _ => Err(NotALogo::Damaged),
    }
}

struct Chunk<'f> {
    kind: [u8; 4],
    data: &'f [u8],
    whole: &'f [u8],
}

impl<'f> Chunk<'f> {
    /// The chunk at the beginning, if its length and checksum fit.
    fn next(rest: &mut &'f [u8]) -> Option<Chunk<'f>> {
        let length = u32::from_be_bytes(*rest.first_chunk::<4>()?);
        let length = usize::try_from(length).ok()?;
        let whole = rest.get(..length.checked_add(12)?)?;
        let (head, sum) = whole.split_last_chunk::<4>()?;
        let covered = head.get(4..)?;
        let (kind, data) = covered.split_first_chunk::<4>()?;
        let fits = crc32(covered) == u32::from_be_bytes(*sum) && kind.iter().all(u8::is_ascii_alphabetic);
        *rest = rest.get(whole.len()..)?;
        fits.then_some(Chunk { kind: *kind, data, whole })
    }
}

/// Width and height.
fn header(data: &[u8]) -> Result<(u32, u32), NotALogo> {
    let &[w0, w1, w2, w3, h0, h1, h2, h3, depth, colours, compression, filter, interlace] = data else {
        return Err(NotALogo::Damaged);
    };
    let depths: &[u8] = match colours {
        0 => &[1, 2, 4, 8, 16],
        3 => &[1, 2, 4, 8],
        2 | 4 | 6 => &[8, 16],
        _ => &[],
    };
    if !depths.contains(&depth) || compression != 0 || filter != 0 || interlace > 1 {
        return Err(NotALogo::Damaged);
    }
    let (width, height) = (u32::from_be_bytes([w0, w1, w2, w3]), u32::from_be_bytes([h0, h1, h2, h3]));
    match (width, height) {
        (0, _) | (_, 0) => Err(NotALogo::Damaged),
        _ if width > MOST_PIXELS || height > MOST_PIXELS => Err(NotALogo::TooLarge(width, height)),
        _ => Ok((width, height)),
    }
}

/// The checksum of PNG (annex D), bit by bit: a logo is short.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |sum: u32, byte: &u8| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { 0xEDB8_8320 ^ (sum >> 1) } else { sum >> 1 })
    };
    !bytes.iter().fold(u32::MAX, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &[u8] = include_bytes!("../examples/sample_logo.png");

    fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
        let covered = [kind, data].concat();
        let length = u32::try_from(data.len()).unwrap().to_be_bytes();
        [&length, &*covered, &crc32(&covered).to_be_bytes()].concat()
    }

    fn ihdr(width: u32, height: u32) -> Vec<u8> {
        chunk(b"IHDR", &[&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 6, 0, 0, 0]].concat())
    }

    fn png(chunks: &[Vec<u8>]) -> Vec<u8> {
        [SIGNATURE, &*chunks.concat()].concat()
    }

    #[test]
    fn a_picture_is_kept_and_what_it_says_beside_its_pixels_is_not() {
        let logo = read(SAMPLE).unwrap();
        assert_eq!(logo.png, read(&logo.png).unwrap().png, "what was kept is kept again");
        let (pixels, end) = (chunk(b"IDAT", b"pixels"), chunk(b"IEND", b""));
        let plain = png(&[ihdr(36, 36), pixels.clone(), end.clone()]);
        let chatty = png(&[ihdr(36, 36), chunk(b"tEXt", b"<script>"), pixels, chunk(b"eXIf", b"where"), end]);
        assert_eq!(*read(&chatty).unwrap().png, *plain);
    }

    /// threats row 93
    #[test]
    fn a_hostile_file_is_refused() {
        let (pixels, end) = (chunk(b"IDAT", b"x"), chunk(b"IEND", b""));
        let small = ihdr(36, 36);
        let behind =
            [png(&[small.clone(), pixels.clone(), end.clone()]), b"<script>alert(1)</script>".to_vec()].concat();
        let mut flipped = SAMPLE.to_vec();
        flipped[20] ^= 1;
        let damaged: Vec<Vec<u8>> = vec![
            behind,
            flipped,
            SAMPLE[..SAMPLE.len() - 1].to_vec(),
            SIGNATURE.to_vec(),
            png(&[small.clone(), end.clone()]),
            png(&[pixels.clone(), end.clone()]),
            png(&[small.clone(), small.clone(), pixels.clone(), end.clone()]),
            png(&[small.clone(), chunk(b"ABCD", b""), pixels.clone(), end.clone()]),
            png(&[small.clone(), pixels.clone(), chunk(b"PLTE", b"abc"), end.clone()]),
            png(&[small, vec![0xFF, 0xFF, 0xFF, 0xFF], pixels.clone(), end.clone()]),
            png(&[ihdr(0, 1), pixels.clone(), end.clone()]),
        ];
        for (n, file) in damaged.iter().enumerate() {
            assert_eq!(read(file), Err(NotALogo::Damaged), "{n}");
        }
        assert_eq!(read(&png(&[ihdr(60_000, 60_000), pixels, end])), Err(NotALogo::TooLarge(60_000, 60_000)));
        for file in [&b"<svg xmlns='http://www.w3.org/2000/svg'/>"[..], b"GIF89a", b"", b"\xff\xd8\xff"] {
            assert_eq!(read(file), Err(NotALogo::NotPng));
        }
        assert_eq!(read(&vec![0; MOST + 1]), Err(NotALogo::TooLong(MOST + 1)));
    }
}
