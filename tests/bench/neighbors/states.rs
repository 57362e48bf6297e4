//! States to search: `.npz` files with `x` [N, D], `q` [Q, D] and `episode` [N] in float32 and int32, or made-up ones.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use chacha20::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

/// A dataset and queries, standardised.
pub struct States {
    pub name: String,
    pub dim: usize,
    pub x: Vec<f32>,
    pub q: Vec<f32>,
    pub episode: Vec<usize>,
}

impl States {
    /// Reads the file; with `dim` only the first so many columns.
    pub fn read(path: &Path, dim: Option<usize>) -> Result<Self, String> {
        let file = File::open(path).map_err(|e| format!("{}: {e}", path.display()))?;
        let mut zip = zip::ZipArchive::new(file).map_err(|e| format!("{}: {e}", path.display()))?;
        let (x, full) = array(&mut zip, "x")?;
        let (q, _) = array(&mut zip, "q")?;
        let (episode, _) = array(&mut zip, "episode")?;
        let dim = dim.unwrap_or(full).min(full);
        let cut = |bytes: &[u8]| -> Vec<f32> {
            let row =
                |row: &[u8]| row.as_chunks::<4>().0[..dim].iter().map(|b| f32::from_le_bytes(*b)).collect::<Vec<_>>();
            bytes.chunks_exact(full * 4).flat_map(row).collect()
        };
        Ok(Self {
            name: path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
            dim,
            x: cut(&x),
            q: cut(&q),
            episode: episode.as_chunks::<4>().0.iter().map(|b| i32::from_le_bytes(*b) as usize).collect(),
        })
    }

    /// Oscillators with noise: for a look where no simulator's states are at hand.
    pub fn made_up(dim: usize, n: usize, queries: usize) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let mut walk = |n: usize, wide: f32| -> Vec<f32> {
            let mut rows = Vec::with_capacity(n * dim);
            let mut phase = [0.0f32; 3];
            let mut state = vec![0.0f32; dim];
            for t in 0..n {
                if t % 1000 == 0 {
                    phase = std::array::from_fn(|_| rng.random_range(0.0..6.3));
                }
                for (i, s) in state.iter_mut().enumerate() {
                    let drive = wide * (phase[i % 3] + t as f32 * 0.05 * (1 + i % 4) as f32).sin();
                    *s = 0.9 * *s + 0.3 * drive + 0.1 * rng.random_range(-1.0f32..1.0);
                }
                rows.extend_from_slice(&state);
            }
            rows
        };
        let x = walk(n, 1.0);
        let mut q = walk(queries / 2, 1.0);
        q.extend(walk(queries - queries / 2, 1.6));
        Self { name: "made-up".into(), dim, x, q, episode: (0..n).map(|i| i / 1000).collect() }
    }

    /// Number of states.
    pub fn len(&self) -> usize {
        self.x.len() / self.dim
    }
}

/// Bytes of an array after its header, and the length of its rows.
fn array(zip: &mut zip::ZipArchive<File>, name: &str) -> Result<(Vec<u8>, usize), String> {
    let mut entry = zip.by_name(&format!("{name}.npy")).map_err(|e| format!("no array '{name}': {e}"))?;
    let mut bytes = Vec::with_capacity(entry.size() as usize);
    entry.read_to_end(&mut bytes).map_err(|e| e.to_string())?;
    let start = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let header = String::from_utf8_lossy(&bytes[10..start]).into_owned();
    let shape = header.split("'shape': (").nth(1).and_then(|s| s.split(')').next()).ok_or("no shape")?;
    let width = shape.split(',').nth(1).and_then(|w| w.trim().parse().ok()).unwrap_or(1);
    Ok((bytes.split_off(start), width))
}
