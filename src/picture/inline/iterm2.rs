//! iTerm2's inline images: a file that the terminal opens itself.

use crate::ground::base64::base64;
use crate::picture::canvas::Canvas;
use crate::picture::png;

/// Sends a picture and makes it as large as the cells.
pub fn show(picture: &Canvas, (columns, rows): (u16, u16)) -> Result<Vec<u8>, String> {
    let file = png::quick(picture.width, &picture.pixels)?;
    let about =
        format!("inline=1;size={};width={columns};height={rows};preserveAspectRatio=0;doNotMoveCursor=1", file.len());
    Ok(format!("\x1b]1337;File={about}:{}\x07", base64(&file)).into_bytes())
}
