//! Randomness: one seed in the spec, one named stream per purpose, so that drawing more numbers for one purpose never
//! changes what another one sees.

use chacha20::ChaCha8Rng;
use rand::SeedableRng;

/// A stream of random numbers.
pub type Stream = ChaCha8Rng;

/// The stream of random numbers of `seed` for `purpose` ("probe", "weights") and the `index` of what it is for (an episode, a
/// round): the same on every machine.
pub fn stream(seed: u64, purpose: &str, index: u64) -> Stream {
    // FNV-1a of the name picks one of ChaCha's 2^64 independent streams under the key of the seed; an odd number times the
    // index reaches all the others from there.
    let name =
        purpose.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(name.wrapping_add(index.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
    rng
}

#[cfg(test)]
mod tests {
    use super::stream;
    use rand::RngExt;

    #[test]
    fn a_stream_is_named_by_seed_purpose_and_index() {
        let draw = |seed, purpose| -> u64 { stream(seed, purpose, 0).random() };
        assert_eq!(draw(3, "probe"), draw(3, "probe"));
        assert_ne!(draw(3, "probe"), draw(3, "weights"));
        assert_ne!(draw(3, "probe"), draw(4, "probe"));
        assert_ne!(draw(3, "probe"), stream(3, "probe", 1).random::<u64>());
    }
}
