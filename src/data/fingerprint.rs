//! A dataset's fingerprint: checkpoints and runs remember what they were made from.

use sha2::{Digest, Sha256};

use super::dataset::Dataset;

/// Values that are hashed at once.
const BLOCK: usize = 4096;

/// SHA-256 (64 hexadecimal digits) over dimensions, episode spans and columns, bit for bit.
///
/// Paths, names and warnings are left out: the same numbers have the same fingerprint wherever they lie and whichever
/// format they were read from.
pub fn fingerprint(data: &Dataset) -> String {
    let mut hash = Sha256::new();
    hash.update(b"oodscope dataset 1\n");
    let mut number = |n: u64| hash.update(n.to_le_bytes());
    number(data.obs_dim() as u64);
    number(data.action_dim() as u64);
    number(data.num_episodes() as u64);
    for s in data.spans() {
        number(s.id);
        number(s.steps as u64);
        number(s.obs_rows as u64);
        number(u64::from(s.terminated) | u64::from(s.truncated) << 1);
    }
    number(u64::from(data.next_obs.is_some()));
    update(&mut hash, &data.obs, f32::to_le_bytes);
    update(&mut hash, &data.actions, f32::to_le_bytes);
    update(&mut hash, &data.rewards, f64::to_le_bytes);
    update(&mut hash, data.next_obs.as_deref().unwrap_or_default(), f32::to_le_bytes);
    hash.finalize().iter().fold(String::with_capacity(64), |mut text, byte| {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(digit), 16).unwrap_or('?'));
        }
        text
    })
}

fn update<T: Copy, const N: usize>(hash: &mut Sha256, values: &[T], bytes: fn(T) -> [u8; N]) {
    let mut buffer = Vec::with_capacity(BLOCK * N);
    for block in values.chunks(BLOCK) {
        buffer.clear();
        buffer.extend(block.iter().flat_map(|&v| bytes(v)));
        hash.update(&buffer);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, reason = "results that are exact in binary")]

    use super::*;
    use crate::data::dataset::{Origin, Parts};
    use crate::data::episode::EpisodeSpan;
    use crate::data::space::Space;

    fn parts() -> Parts {
        let span = |id, first_step, terminated| EpisodeSpan {
            id,
            first_step,
            steps: 2,
            first_obs: first_step,
            obs_rows: 2,
            terminated,
            truncated: false,
        };
        Parts {
            spans: vec![span(0, 0, true), span(1, 2, false)],
            obs: vec![0.0, 1.0, 2.0, 3.0],
            actions: vec![0.5; 4],
            rewards: vec![1.0; 4],
            next_obs: None,
        }
    }

    fn print(parts: Parts) -> String {
        let (obs, action) = (Space::unnamed("obs", 1), Space::unnamed("action", 1));
        fingerprint(&Dataset::from_parts(Origin::default(), obs, action, parts).expect("parts fit"))
    }

    #[test]
    fn every_number_counts_and_the_place_does_not() {
        let base = print(parts());
        assert_eq!(base.len(), 64);
        assert_eq!(base, print(parts()));
        let changes: [fn(&mut Parts); 6] = [
            |p| p.obs[3] = 3.000_000_2,
            |p| p.actions[0] = -0.5,
            |p| p.rewards[1] = f64::NAN,
            |p| p.spans[0].terminated = false,
            |p| p.spans[1].truncated = true,
            |p| p.next_obs = Some(vec![0.0; 4]),
        ];
        for (i, change) in changes.into_iter().enumerate() {
            let mut other = parts();
            change(&mut other);
            assert_ne!(base, print(other), "change {i}");
        }
    }

    #[test]
    fn values_are_hashed_alike_whatever_the_block() {
        let mut long = parts();
        (long.spans[1].steps, long.spans[1].obs_rows) = (BLOCK, BLOCK);
        long.obs.resize(BLOCK + 2, 7.0);
        long.actions.resize(BLOCK + 2, 7.0);
        long.rewards.resize(BLOCK + 2, 7.0);
        let mut other = long.clone();
        other.obs[BLOCK + 1] = 8.0;
        assert_ne!(print(long), print(other), "the last value lies in the last block");
    }
}
