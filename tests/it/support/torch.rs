//! Files of `torch.save`: a dictionary of tensors, written as PyTorch writes it.

use std::io::Write;
use std::path::Path;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Name, shape and numbers of a tensor; a name with dots is an entry of one dictionary, as in a `state_dict`.
pub type Tensor<'t> = (&'t str, &'t [usize], Vec<f32>);

/// Numbers that are all different and small.
pub fn numbers(n: usize, seed: usize) -> Vec<f32> {
    (0..n).map(|i| ((i + 37 * seed) as f32 * 0.37).sin() / 3.0).collect()
}

/// A tensor of such numbers.
pub fn tensor<'t>(name: &'t str, shape: &'t [usize], seed: usize) -> Tensor<'t> {
    (name, shape, numbers(shape.iter().product(), seed))
}

/// Writes `tensors` to `path` as `torch.save(dict, path)`; `outer` names a dictionary around them.
pub fn save(path: &Path, outer: Option<&str>, tensors: &[Tensor<'_>]) {
    let mut pickle = b"\x80\x02".to_vec();
    let text = |out: &mut Vec<u8>, text: &str| {
        out.push(b'X');
        out.extend((text.len() as u32).to_le_bytes());
        out.extend(text.as_bytes());
    };
    let integer = |out: &mut Vec<u8>, n: usize| {
        out.push(b'J');
        out.extend((n as u32).to_le_bytes());
    };
    pickle.extend(b"}");
    if let Some(outer) = outer {
        text(&mut pickle, outer);
        pickle.extend(b"}");
    }
    for (i, (name, shape, values)) in tensors.iter().enumerate() {
        text(&mut pickle, name);
        pickle.extend(b"ctorch._utils\n_rebuild_tensor_v2\n((");
        text(&mut pickle, "storage");
        pickle.extend(b"ctorch\nFloatStorage\n");
        text(&mut pickle, &i.to_string());
        text(&mut pickle, "cpu");
        integer(&mut pickle, values.len());
        pickle.extend(b"tQ");
        integer(&mut pickle, 0);
        pickle.push(b'(');
        shape.iter().for_each(|&d| integer(&mut pickle, d));
        pickle.extend(b"t(");
        (0..shape.len()).for_each(|a| integer(&mut pickle, shape[a + 1..].iter().product()));
        pickle.extend(b"t\x89ccollections\nOrderedDict\n)RtRs");
    }
    pickle.extend(if outer.is_some() { &b"s."[..] } else { b"." });
    let mut zip = ZipWriter::new(std::fs::File::create(path).expect("writable"));
    let stem = path.file_stem().expect("a name").to_string_lossy().into_owned();
    let mut put = |name: String, bytes: &[u8]| {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        zip.start_file(format!("{stem}/{name}"), options).expect("writable");
        zip.write_all(bytes).expect("writable");
    };
    put("data.pkl".into(), &pickle);
    for (i, (.., values)) in tensors.iter().enumerate() {
        put(format!("data/{i}"), &values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>());
    }
    zip.finish().expect("writable");
}
