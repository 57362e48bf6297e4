//! Frames between the program and its Python workers: `oods`, a kind, the payload's length, the payload, all little endian.
//! What the kinds mean is told at the head of `assets/worker.py`.

use std::io::{self, Write};

const MAGIC: [u8; 4] = *b"oods";
/// How the first frame of a worker begins.
const READY: [u8; 8] = *b"oodsr   ";
const HEAD: usize = 12;
/// A longer payload is no answer of a worker's.
const LONGEST: u32 = 1 << 30;
/// What a shell may say before the worker does ("Welcome to …").
const LONGEST_GREETING: usize = 1 << 16;

/// What was sent at once.
#[derive(Debug)]
pub(super) struct Frame {
    /// Which message it is.
    pub kind: u8,
    /// What it says.
    pub payload: Vec<u8>,
}

/// A message in the making.
pub(super) struct Message(Vec<u8>);

impl Message {
    /// One of `kind` that holds nothing yet.
    pub(super) fn new(kind: u8) -> Self {
        let mut bytes = MAGIC.to_vec();
        bytes.extend([kind, b' ', b' ', b' ', 0, 0, 0, 0]);
        Self(bytes)
    }

    /// One of `kind` about these copies.
    pub(super) fn about(kind: u8, copies: impl ExactSizeIterator<Item = usize>) -> Self {
        let mut message = Self::new(kind);
        message.0.extend((copies.len() as u32).to_le_bytes());
        message.0.extend(0u32.to_le_bytes());
        message.0.extend(copies.flat_map(|copy| (copy as u32).to_le_bytes()));
        message
    }

    /// Adds bytes.
    pub(super) fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// Adds numbers.
    pub(super) fn floats(&mut self, values: &[f32]) {
        self.0.extend(values.iter().flat_map(|v| v.to_le_bytes()));
    }

    /// Adds numbers.
    pub(super) fn doubles(&mut self, values: &[f64]) {
        self.0.extend(values.iter().flat_map(|v| v.to_le_bytes()));
    }

    /// Adds a seed.
    pub(super) fn seed(&mut self, seed: u64) {
        self.0.extend(seed.to_le_bytes());
    }

    /// Adds the seeds of episodes to come, and says how many they are.
    pub(super) fn announce(&mut self, seeds: &[u64]) {
        self.0[HEAD + 4..HEAD + 8].copy_from_slice(&(seeds.len() as u32).to_le_bytes());
        for &seed in seeds {
            self.seed(seed);
        }
    }

    /// Writes it at once.
    pub(super) fn send(mut self, to: &mut impl Write) -> io::Result<()> {
        let length = (self.0.len() - HEAD) as u32;
        self.0[8..HEAD].copy_from_slice(&length.to_le_bytes());
        to.write_all(&self.0)?;
        to.flush()
    }
}

/// Takes the first frame off `bytes`, where it is whole already. Before the very first one, which says
/// that the worker is ready, anything may have been said.
pub(super) fn take(bytes: &mut Vec<u8>, greeted: bool) -> io::Result<Option<Frame>> {
    let garbage = || io::Error::other("what it sends is no frame");
    let at = if greeted {
        let begins = bytes.len() < MAGIC.len() || bytes.starts_with(&MAGIC);
        begins.then_some(0).ok_or_else(garbage)?
    } else {
        let Some(at) = bytes.windows(READY.len()).position(|w| w == READY) else {
            return if bytes.len() > LONGEST_GREETING { Err(garbage()) } else { Ok(None) };
        };
        at
    };
    let Some(head) = bytes[at..].first_chunk::<HEAD>() else { return Ok(None) };
    let (kind, length) = (head[4], u32::from_le_bytes([head[8], head[9], head[10], head[11]]));
    if length > LONGEST {
        return Err(garbage());
    }
    let (begin, end) = (at + HEAD, at + HEAD + length as usize);
    if bytes.len() < end {
        return Ok(None);
    }
    let payload = bytes[begin..end].to_vec();
    bytes.drain(..end);
    Ok(Some(Frame { kind, payload }))
}

/// [N, …] answer of some copies to a step, as it lies in a payload.
pub(super) struct Batch<'a> {
    reward: &'a [u8],
    obs: &'a [u8],
    ends: &'a [u8],
    begun: &'a [u8],
    begun_obs: &'a [u8],
}

impl<'a> Batch<'a> {
    /// That of `n` copies with `width` observation columns; nothing where the payload is of another length.
    pub(super) fn of(payload: &'a [u8], n: usize, width: usize) -> Option<Self> {
        let k = u32::from_le_bytes(*payload.get(4..)?.first_chunk()?) as usize;
        if k > n || payload.len() != 8 + n * (10 + 4 * width) + k * (4 + 4 * width) {
            return None;
        }
        let (reward, rest) = payload[8..].split_at(8 * n);
        let (obs, rest) = rest.split_at(4 * width * n);
        let (ends, rest) = rest.split_at(2 * n);
        let (begun, begun_obs) = rest.split_at(4 * k);
        let batch = Self { reward, obs, ends, begun, begun_obs };
        let known = batch.begun().all(|(row, _)| row < n);
        known.then_some(batch)
    }

    /// The episodes that were begun anew in place of those that ended, in the order of their seeds: row, and first observation.
    pub(super) fn begun(&self) -> impl Iterator<Item = (usize, Vec<f32>)> {
        let rows = self.begun.as_chunks::<4>().0.iter().map(|b| u32::from_le_bytes(*b) as usize);
        let width = self.begun_obs.len() / (self.begun.len() / 4).max(1);
        rows.zip(self.begun_obs.chunks_exact(width.max(1)).map(|obs| floats(obs).collect()))
    }

    /// Reward of row `i`, and whether it terminated and was truncated.
    pub(super) fn step(&self, i: usize) -> (f64, bool, bool) {
        let n = self.ends.len() / 2;
        (doubles(&self.reward[8 * i..8 * i + 8]).next().unwrap_or(f64::NAN), self.ends[i] != 0, self.ends[n + i] != 0)
    }

    /// Observation of row `i`.
    pub(super) fn obs(&self, i: usize) -> impl Iterator<Item = f32> {
        let width = self.obs.len() / (self.ends.len() / 2).max(1);
        floats(&self.obs[i * width..(i + 1) * width])
    }
}

/// Numbers as they lie in a payload.
pub(super) fn floats(bytes: &[u8]) -> impl Iterator<Item = f32> {
    bytes.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b))
}

/// Numbers as they lie in a payload.
pub(super) fn doubles(bytes: &[u8]) -> impl Iterator<Item = f64> {
    bytes.as_chunks::<8>().0.iter().map(|b| f64::from_le_bytes(*b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(message: Message) -> Vec<u8> {
        let mut bytes = Vec::new();
        message.send(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn a_frame_comes_back_and_a_greeting_is_passed_over() {
        let mut step = Message::about(b'S', [3, 1].into_iter());
        step.floats(&[0.5, -1.0]);
        let bytes = sent(step);
        let mut twice = [&bytes[..], &bytes[..20]].concat();
        let frame = take(&mut twice, true).unwrap().unwrap();
        assert_eq!((frame.kind, frame.payload.len()), (b'S', 8 + 8 + 8));
        assert_eq!(floats(&frame.payload[16..]).collect::<Vec<_>>(), [0.5, -1.0]);
        assert!(take(&mut twice, true).unwrap().is_none() && twice.len() == 20, "the rest of it is on its way");
        let ready = sent(Message::new(b'r').bytes(b"{}"));
        let mut greeted = [b"Welcome to oods!\n".as_slice(), &ready].concat();
        assert!(take(&mut greeted.clone(), true).is_err(), "later on, what is no frame is an error");
        assert_eq!(take(&mut greeted, false).unwrap().unwrap().payload, b"{}");
        assert!(take(&mut vec![b'x'; 1000], false).unwrap().is_none());
        assert!(take(&mut vec![b'x'; 100_000], false).is_err());
    }

    #[test]
    fn a_length_is_not_believed() {
        let mut bytes = sent(Message::new(b'b').bytes(b"abc"));
        bytes[8..12].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(take(&mut bytes, true).is_err());
        assert!(Batch::of(&[0; 30], 1, 3).is_some_and(|b| b.step(0) == (0.0, false, false)));
        assert!(Batch::of(&[0; 30], 2, 3).is_none());
        // One row whose episode ended, and the one that was begun in its place.
        let batch = |k: u32, row: u32| {
            let heads = [1u32.to_le_bytes(), k.to_le_bytes()].concat();
            [heads, vec![0; 14], row.to_le_bytes().to_vec(), 0.5f32.to_le_bytes().to_vec()].concat()
        };
        assert_eq!(Batch::of(&batch(1, 0), 1, 1).unwrap().begun().collect::<Vec<_>>(), [(0, vec![0.5])]);
        for (k, row) in [(0, 0), (2, 0), (u32::MAX, 0), (1, 1)] {
            assert!(Batch::of(&batch(k, row), 1, 1).is_none(), "{k} {row}");
        }
    }
}
