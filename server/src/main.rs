//! The verification server: phone API, panel API, hosted pages, the binary.
fn main() {}
