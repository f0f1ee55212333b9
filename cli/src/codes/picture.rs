//! QR codes in a picture: a screenshot or a photograph, PNG or JPEG.

use std::fs::File;
use std::io::{Cursor, Read as _};
use std::path::Path;

use image::{ImageReader, Limits, RgbaImage};
use rqrr::PreparedImage;
use zeroize::Zeroizing;

use crate::complaint::Complaint;
use crate::phone::blocking;

/// The largest file that is read.
const LARGEST_FILE: u64 = 32 * 1024 * 1024;
/// The longest side of a picture, in pixels.
const LONGEST_SIDE: u32 = 12_000;
/// The most memory that a picture may need.
const LARGEST_PICTURE: u64 = 256 * 1024 * 1024;

/// What a picture shows.
#[derive(Default)]
pub(super) struct Found {
    /// The links for codes; where there is none, whatever else its QR codes hold.
    pub(super) links: Vec<Zeroizing<String>>,
    /// How many QR codes could not be read.
    pub(super) unread: usize,
}

/// Reads the QR codes in a picture.
///
/// # Errors
/// The file cannot be read, is no picture, or has no QR code that can be read.
pub(super) async fn links(file: &Path) -> Result<Found, Complaint> {
    let mut bytes = Vec::new();
    let read = File::open(file).and_then(|file| file.take(LARGEST_FILE).read_to_end(&mut bytes));
    read.map_err(|error| Complaint::about("file-unreadable", format!("{}: {error}", file.display())))?;
    // Beside the async threads: a photograph takes a while, and a picture that breaks its reader ends nothing but this.
    blocking(move || links_in(&bytes)).await
}

fn links_in(bytes: &[u8]) -> Result<Found, Complaint> {
    let unreadable = || Complaint::of("picture-unreadable");
    let mut reader = ImageReader::new(Cursor::new(bytes));
    let mut limits = Limits::default();
    limits.max_image_width = Some(LONGEST_SIDE);
    limits.max_image_height = Some(LONGEST_SIDE);
    limits.max_alloc = Some(LARGEST_PICTURE);
    reader.limits(limits);
    let reader = reader.with_guessed_format().map_err(|_| unreadable())?;
    let picture = reader.decode().map_err(|_| unreadable())?;
    // The reader's limit counts the picture as it is in the file; in colours it may be four times as large.
    if u64::from(picture.width()) * u64::from(picture.height()) * 4 > LARGEST_PICTURE {
        return Err(unreadable());
    }
    let picture = picture.into_rgba8();
    let mut other = None;
    // Light on dark is how a screen in the evening shows it.
    for inverted in [false, true] {
        let mut found = read(&picture, inverted);
        if found.links.iter().any(is_link) {
            // What else is in the picture is none of ours.
            found.links.retain(is_link);
            return Ok(found);
        }
        other = other.or(Some(found).filter(|found| !found.links.is_empty()));
    }
    other.ok_or_else(|| Complaint::of("qr-not-found"))
}

fn is_link(text: &Zeroizing<String>) -> bool {
    text.trim_start().get(.."otpauth".len()).is_some_and(|begin| begin.eq_ignore_ascii_case("otpauth"))
}

fn read(picture: &RgbaImage, inverted: bool) -> Found {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let mut prepared = PreparedImage::prepare_from_greyscale(width, height, |x, y| {
        let [red, green, blue, alpha] = picture.get_pixel(x as u32, y as u32).0.map(u32::from);
        // What can be seen through lies on white paper.
        let grey = (red * 30 + green * 59 + blue * 11) / 100;
        let seen = 255 - (255 - grey) * alpha / 255;
        u8::try_from(if inverted { 255 - seen } else { seen }).unwrap_or(u8::MAX)
    });
    let mut found = Found::default();
    for grid in prepared.detect_grids() {
        match grid.decode() {
            Ok((_, text)) => found.links.push(Zeroizing::new(text)),
            Err(_) => found.unread += 1,
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use image::{GrayImage, ImageFormat};

    use super::*;

    #[test]
    fn a_picture_that_is_larger_in_colours_than_in_its_file_is_refused() {
        let mut bytes = Cursor::new(Vec::new());
        GrayImage::new(12_000, 5_600).write_to(&mut bytes, ImageFormat::Png).expect("it is written");
        assert_eq!(links_in(bytes.get_ref()).map(|_| ()), Err(Complaint::of("picture-unreadable")));
    }
}
