//! Policies of other libraries: what is told, what is asked for, what is refused.

use std::path::Path;

use oodscope::agent::policy::{Acting, Policy};
use oodscope::checkpoint::policies::{self, PolicyGiven};
use oodscope::ground::seed::stream;

use crate::support::torch;

fn refusal(path: &Path) -> String {
    policies::open(path, &PolicyGiven::default()).expect_err("must be refused").to_string()
}

#[test]
fn what_is_no_policy_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("notes.txt");
    std::fs::write(&file, "hello").unwrap();
    assert!(refusal(&file).contains("no policy that oodscope knows"));
    assert!(refusal(&dir.path().join("nothing")).contains("no such file"));
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/models/small-mbrl");
    assert!(refusal(&model).contains("no policy; give it to --checkpoint"));
    let native = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/pendulum-narrow");
    let opened = policies::open(&native, &PolicyGiven::default()).unwrap();
    assert!(opened.policy.is_some() && opened.world_model.is_none());
    let _ = (torch::numbers(1, 1), Acting::Greedy, stream(0, "x", 0));
    let _: Option<&dyn Policy> = None;
}
