use super::*;
use crate::format;
use crate::format::arrays::tests::{Value, hdf5};
use crate::format::npz::tests::{self as npz, Array};
use crate::ground::task::Ctx;

fn message(path: &Path) -> String {
    format::open(path, None, &Ctx::quiet()).expect_err("not read").to_string()
}

#[test]
fn every_known_stranger_is_named_with_a_command_for_its_own_path() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let write = |name: &str, bytes: &[u8]| {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        std::fs::write(&path, bytes).expect("written");
        path
    };
    let zip =
        |inside: &str| [b"PK\x03\x04________________________archive/data.pkl".as_slice(), inside.as_bytes()].concat();
    write("rlds/1.0.0/features.json", b"{}");
    write("rlds/1.0.0/dataset_info.json", b"{}");
    write("z/.zgroup", b"{}");
    write("ros/metadata.yaml", b"x");
    write("ros/a.db3", b"x");
    write("map/meta.json", b"{}");
    write("map/action.memmap", b"x");
    let frame = |key: &str| Array::f32(key, &[3], [0.0; 3]);
    npz::write(&write("calvin/episode_0000007.npz", b""), &[frame("robot_obs"), frame("rel_actions")]);
    let agibot = dir.path().join("proprio_stats.h5");
    let column = |key: &str| (key.to_owned(), Value::F32(vec![0.0; 6], vec![3, 2]));
    hdf5(&agibot, &[column("state/joint/position"), column("action/joint/position")], &[]);
    write("rllib/output-2026-01-01_worker-0_0.json", b"{\"type\": \"SampleBatch\"}\n");
    let cases = [
        (dir.path().join("rllib"), "RLlib", "rllib.hdf5"),
        (dir.path().join("calvin"), "CALVIN's frames", "ep_start_end_ids.npy"),
        (agibot, "AgiBot World", "joint/position"),
        (write("out.json", b"{\"type\": \"SampleBatch\", \"obs\": \"BCJN\"}\n"), "RLlib", "JsonReader"),
        (dir.path().join("rlds"), "TensorFlow dataset", "rlds/1.0.0 "),
        (dir.path().join("z"), "a Zarr store", "episode_ends"),
        (dir.path().join("ros"), "a ROS 2 recording", "AnyReader"),
        (dir.path().join("map"), "TorchRL", "load_memmap"),
        (write("tf/x.tfrecord-00000-of-00001", &[9, 0, 0, 0, 0, 0, 0, 0, 1]), "TensorFlow dataset", "/tf "),
        (write("mt30.pt", &zip("ctensordict._td\nTensorDict")), "TD-MPC2", "weights_only=False"),
        (write("w.pt", &zip("ctorch._utils")), "a PyTorch file", "weights_only=True"),
        (write("old.pt", &OLD_TORCH), "a PyTorch file", "weights_only=True"),
        (write("it's here.pkl", b"\x80\x04\x95rest"), "only if you trust the file", r"it'\''s here.pkl'"),
        (write("a.mcap", b"\x89MCAP0\r\nrest"), "MCAP", "a.csv"),
        (write("a.bag", b"#ROSBAG V2.0\n"), "ROS 1", "rosbags"),
        (write("replay.zarr.zip", b"PK\x03\x04________.zgroup"), "a Zarr store", "replay.zarr.hdf5"),
    ];
    for (path, what, command) in cases {
        let text = message(&path);
        assert!(text.contains(what) && text.contains(command) && text.contains("python -c \""), "{text}");
        assert!(!text.contains('$') && !text.contains('`'), "nothing for the shell to expand: {text}");
        assert!(text.matches('"').count() == 2 && !text.contains('…'), "one command, whole: {text}");
    }
}

#[test]
fn what_is_not_known_is_left_to_the_general_answer() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let path = dir.path().join("x.pkl");
    for bytes in [b"".as_slice(), b"\x80", b"\x80\x04x", b"hello", b"PK\x03\x04", b"PK\x05\x06"] {
        std::fs::write(&path, bytes).expect("written");
        assert_eq!(answer(&path), None, "{bytes:?}");
    }
    assert_eq!(answer(dir.path()), None);
    assert_eq!(answer(&dir.path().join("none")), None);
}

#[cfg(unix)]
#[test]
fn links_that_loop_are_nothing() {
    let dir = tempfile::tempdir().expect("temporary folder");
    std::os::unix::fs::symlink("self", dir.path().join("self")).expect("a link");
    assert_eq!(answer(&dir.path().join("self")), None);
    assert!(message(&dir.path().join("self")).contains("no such file or folder"));
}
