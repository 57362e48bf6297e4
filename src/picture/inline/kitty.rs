//! Kitty's graphics protocol: pixels in chunks of base 64, under a number by which they are replaced and deleted.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;

use crate::ground::base64::base64;
use crate::picture::canvas::Canvas;

/// Letters of one chunk.
pub const CHUNK: usize = 4096;
/// Deletes every picture of the screen.
pub const CLEAR: &[u8] = b"\x1b_Ga=d,d=A,q=2\x1b\\";

/// Sends and places a picture; the one that had the number goes. The terminal answers nothing (`q=2`).
pub fn show(picture: &Canvas, (columns, rows): (u16, u16), id: u32) -> Result<Vec<u8>, String> {
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(picture.pixels.as_flattened()).map_err(|e| e.to_string())?;
    let letters = base64(&packed.finish().map_err(|e| e.to_string())?);
    let (width, height) = (picture.width, picture.height());
    let mut keys = format!("a=T,f=24,o=z,s={width},v={height},c={columns},r={rows},i={id},p=1,C=1,");
    let mut out = Vec::with_capacity(letters.len() + letters.len() / 64 + 128);
    let mut chunks = letters.as_bytes().chunks(CHUNK).peekable();
    while let Some(chunk) = chunks.next() {
        let more = u8::from(chunks.peek().is_some());
        out.extend_from_slice(format!("\x1b_G{keys}q=2,m={more};").as_bytes());
        out.extend_from_slice(chunk);
        out.extend_from_slice(b"\x1b\\");
        keys.clear();
    }
    Ok(out)
}

/// Deletes a picture and what the terminal keeps of it.
pub fn delete(id: u32) -> Vec<u8> {
    format!("\x1b_Ga=d,d=I,i={id},q=2\x1b\\").into_bytes()
}
