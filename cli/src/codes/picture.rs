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

/// The texts of every QR code in a picture.
///
/// # Errors
/// The file cannot be read, is no picture, or has no QR code that can be read.
pub(super) async fn links(file: &Path) -> Result<Vec<Zeroizing<String>>, Complaint> {
    let mut bytes = Vec::new();
    let read = File::open(file).and_then(|file| file.take(LARGEST_FILE).read_to_end(&mut bytes));
    read.map_err(|error| Complaint::about("file-unreadable", format!("{}: {error}", file.display())))?;
    // Beside the async threads: a photograph takes a while, and a picture that breaks its reader ends nothing but this.
    blocking(move || links_in(&bytes)).await
}

fn links_in(bytes: &[u8]) -> Result<Vec<Zeroizing<String>>, Complaint> {
    let unreadable = |_| Complaint::of("picture-unreadable");
    let mut reader = ImageReader::new(Cursor::new(bytes));
    let mut limits = Limits::default();
    limits.max_image_width = Some(LONGEST_SIDE);
    limits.max_image_height = Some(LONGEST_SIDE);
    limits.max_alloc = Some(LARGEST_PICTURE);
    reader.limits(limits);
    let reader = reader.with_guessed_format().map_err(|_| Complaint::of("picture-unreadable"))?;
    let picture = reader.decode().map_err(unreadable)?.to_rgba8();
    // Light on dark is how a screen in the evening shows it.
    let found = [false, true].into_iter().map(|inverted| texts(&picture, inverted)).find(|texts| !texts.is_empty());
    found.ok_or_else(|| Complaint::of("qr-not-found"))
}

fn texts(picture: &RgbaImage, inverted: bool) -> Vec<Zeroizing<String>> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let mut prepared = PreparedImage::prepare_from_greyscale(width, height, |x, y| {
        let [red, green, blue, alpha] = picture.get_pixel(x as u32, y as u32).0.map(u32::from);
        // What can be seen through lies on white paper.
        let grey = (red * 30 + green * 59 + blue * 11) / 100;
        let seen = 255 - (255 - grey) * alpha / 255;
        u8::try_from(if inverted { 255 - seen } else { seen }).unwrap_or(u8::MAX)
    });
    let grids = prepared.detect_grids();
    grids.iter().filter_map(|grid| grid.decode().ok()).map(|(_, text)| Zeroizing::new(text)).collect()
}
