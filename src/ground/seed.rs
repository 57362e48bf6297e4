//! Randomness: one seed in the spec, one named stream per purpose, so that drawing more numbers for one purpose never
//! changes what another one sees.

use chacha20::ChaCha8Rng;
use rand::SeedableRng;

/// A stream of random numbers.
pub type Stream = ChaCha8Rng;

/// The stream of random numbers of `seed` for `purpose` ("probe", "weights") and the `index` of what it is for (an episode, a
/// round): the same on every machine.
pub fn stream(seed: u64, purpose: &str, index: u64) -> Stream {
    // An odd number times the index reaches all the other streams from the purpose's first.
    keyed(seed, number(purpose).wrapping_add(index.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
}

/// Stream `number` of the generator's 2^64 independent ones under the key of the seed: for purposes that are numbered and not named.
pub fn keyed(seed: u64, number: u64) -> Stream {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(number);
    rng
}

/// The number of the first stream of a purpose: FNV-1a of its name.
pub fn number(purpose: &str) -> u64 {
    purpose.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::RngExt;

    #[test]
    fn a_stream_is_named_by_seed_purpose_and_index() {
        let draw = |seed, purpose| -> u64 { stream(seed, purpose, 0).random() };
        assert_eq!(draw(3, "probe"), draw(3, "probe"));
        assert_ne!(draw(3, "probe"), draw(3, "weights"));
        assert_ne!(draw(3, "probe"), draw(4, "probe"));
        assert_ne!(draw(3, "probe"), stream(3, "probe", 1).random::<u64>());
    }
    /// Numbers that were published with a seed stay what they were.
    #[test]
    fn the_first_stream_of_a_key_is_the_keys_own() {
        let plain: u64 = ChaCha8Rng::seed_from_u64(5).random();
        assert_eq!(keyed(5, 0).random::<u64>(), plain);
    }
}
