//! The terminal's clipboard by OSC 52, and its bell with a word to the desktop by OSC 9: both work over ssh where the terminal
//! allows it.

use std::io::{self, Write};

use crate::ground::base64::base64;

/// Asks the terminal to take `text`.
pub fn copy(text: &str, out: &mut impl Write) -> io::Result<()> {
    write!(out, "\x1b]52;c;{}\x07", base64(text.as_bytes()))?;
    out.flush()
}

/// Rings the bell, and asks the terminal to show `why` as a notification.
pub fn ring(why: &str, out: &mut impl Write) -> io::Result<()> {
    let plain: String = why.chars().filter(|c| !c.is_control()).collect();
    write!(out, "\x07\x1b]9;{plain}\x07")?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bell_rings_once_and_its_words_hold_no_control_characters() {
        let mut out = Vec::new();
        ring("R is 2.1\x07\x1b]", &mut out).expect("written");
        assert_eq!(out, b"\x07\x1b]9;R is 2.1]\x07");
    }
}
