//! The terminal's clipboard by OSC 52, and its bell with a word to the desktop by OSC 9: both work over ssh where the terminal
//! allows it.

use std::io::{self, Write};

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

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

fn base64(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let all = chunk.iter().fold(0u32, |all, b| all << 8 | u32::from(*b)) << (8 * (3 - chunk.len()));
        for i in 0..4 {
            let letter = LETTERS[(all >> (18 - 6 * i) & 63) as usize];
            out.push(if i <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    out
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

    #[test]
    fn the_vectors_of_rfc_4648() {
        for (plain, coded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }
}
