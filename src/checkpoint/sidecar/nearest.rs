//! Which known key an unknown one may stand for.

use super::STATING;
use super::stated::KEYS;

/// The key that changes numbers and that `key` may stand for.
pub(super) fn nearest(key: &str) -> Option<&'static str> {
    let bare = |text: &str| text.replace(['_', '-', '.'], "").to_lowercase();
    // What is known elsewhere by this very name stands for nothing else.
    let others = STATING.iter().chain(&KEYS).filter(|known| **known != key);
    let key = bare(key);
    let near = others.filter_map(|known| {
        let plain = bare(known);
        let within = plain.len() >= 5 && (key.contains(&plain) || (key.len() >= 5 && plain.contains(&key)));
        let apart = distance(&key, &plain);
        let close = apart <= (plain.len() / 3).max(1);
        (within || close).then_some((if within { apart.min(2) } else { apart }, *known))
    });
    near.min().map(|(_, known)| known)
}

/// Edit distance (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let swap = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = swap.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
