//! Files that came to harm.

use std::path::Path;

use oodscope::ground::fault::Fault;

/// Cuts the file `path` short and changes its bytes, one by one at about so many `places`, and lets `open` try each: a value, or a
/// sentence without control characters, and never a panic.
pub fn damaged(path: &Path, places: usize, open: impl Fn() -> Result<(), Fault>) {
    let good = std::fs::read(path).unwrap();
    for at in (0..good.len()).step_by(1 + good.len() / places) {
        for change in [None, Some(0x01u8), Some(0xff)] {
            let mut bytes = good.clone();
            match change {
                None => bytes.truncate(at),
                Some(bits) => bytes[at] ^= bits,
            }
            std::fs::write(path, &bytes).unwrap();
            if let Err(e) = open() {
                assert!(!e.to_string().chars().any(char::is_control), "{e:?}");
            }
        }
    }
}
