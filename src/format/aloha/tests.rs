use tempfile::TempDir;

use super::*;
use crate::format;
use crate::format::arrays::tests::{Value, compare, episodes, hdf5, read, says};

/// The episodes in files of these numbers.
fn folder(numbers: [u64; 3]) -> TempDir {
    let dir = tempfile::tempdir().expect("temporary folder");
    for (e, k) in episodes().iter().zip(numbers) {
        let n = e.steps as u64;
        let part = |d: usize| e.obs[..2 * e.steps].iter().skip(d).step_by(2).copied().collect::<Vec<f32>>();
        let values = [
            ("observations/qvel".to_owned(), Value::F32(part(1), vec![n, 1])),
            ("observations/qpos".to_owned(), Value::F32(part(0), vec![n, 1])),
            ("observations/images/top".to_owned(), Value::Images(n)),
            ("action".to_owned(), Value::F32(e.actions.clone(), vec![n, 1])),
            ("base_action".to_owned(), Value::F32(vec![0.0; e.steps], vec![n, 1])),
        ];
        hdf5(&dir.path().join(format!("episode_{k}.hdf5")), &values, &[("sim", 1)]);
    }
    dir
}

#[test]
fn a_folder_is_read_in_the_order_of_its_numbers() {
    let dir = folder([0, 9, 10]);
    let data = read(&Aloha, dir.path()).expect("reads");
    compare(&data, false, false, false);
    assert_eq!(data.obs_space.names, ["qpos", "qvel"]);
    for what in ["images/top (images of 2 x 2 x 3)", "base_action", "every reward is 0", "in simulation"] {
        assert!(says(&data, what), "{what}: {:?}", data.origin.rules);
    }
    assert!(says(&data, "8 episode numbers are missing (first: 1)"), "{:?}", data.origin.warnings);
}

#[test]
fn a_file_is_an_episode_and_a_mapping_adds_the_base() {
    let dir = folder([0, 1, 2]);
    let one = read(&Aloha, &dir.path().join("episode_1.hdf5")).expect("reads");
    assert_eq!((one.num_episodes(), one.num_steps(), one.origin.format.as_str()), (1, 3, "aloha"));
    std::fs::write(dir.path().join("oodscope.toml"), "action = [\"action\", \"base_action\"]").expect("written");
    let data = format::open(dir.path(), None, &Ctx::quiet()).expect("reads");
    assert_eq!((data.action_dim(), data.num_episodes()), (2, 3));
    std::fs::remove_file(dir.path().join("oodscope.toml")).expect("removed");
    std::fs::write(dir.path().join("episode_1.hdf5"), b"\x89HDF\r\n\x1a\nrest").expect("written");
    let text = format::open(dir.path(), None, &Ctx::quiet()).expect_err("damaged").to_string();
    assert!(text.contains("episode_1.hdf5"), "{text}");
}
