//! Episodes of an environment in worker processes that fail, and recover. Needs a Python with Gymnasium, see
//! `src/env/gymnasium/tests.rs`.

use std::any::Any;
use std::path::PathBuf;
use std::time::Duration;

use oodscope::agent::collect::{Collector, Limit};
use oodscope::agent::policy::{Acting, Policy, PolicyState};
use oodscope::data::dataset::Dataset;
use oodscope::data::space::{Actions, Space};
use oodscope::env::gymnasium::{Gymnasium, Options};
use oodscope::env::vector::VectorEnv as _;
use oodscope::ground::fault::Fault;
use oodscope::ground::task::Ctx;
use rand::RngExt as _;

use crate::support::program::{pendulum, run, text};

/// Acts by chance, 0 or 1.
#[derive(Debug, Clone)]
struct Chance(Space);

impl Policy for Chance {
    fn kind(&self) -> &'static str {
        "chance"
    }
    fn features(&self) -> Option<usize> {
        None
    }
    fn action_space(&self) -> &Space {
        &self.0
    }
    fn act(&self, _: &[f32], states: &mut [PolicyState], _: Acting) -> Actions<'_> {
        let each = |state: &mut PolicyState| if state.rng.random() { 1.0 } else { 0.0 };
        Actions::new(&self.0, states.iter_mut().map(each).collect::<Vec<f32>>())
    }
    fn boxed(&self) -> Box<dyn Policy> {
        Box::new(self.clone())
    }
    fn same(&self, _: &dyn Policy) -> bool {
        false
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// Environments of the tests' own in a folder, and the Python to make them in.
struct Fakes {
    python: PathBuf,
    folder: tempfile::TempDir,
}

impl Fakes {
    /// Nothing where no Python is named.
    fn new() -> Option<Self> {
        let Some(python) = std::env::var_os("OODSCOPE_TEST_PYTHON").map(PathBuf::from) else {
            println!("skipped: OODSCOPE_TEST_PYTHON names no Python with gymnasium");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("fakes.py"), include_str!("../../src/env/gymnasium/tests/fakes.py")).unwrap();
        Some(Self { python, folder })
    }

    /// Three copies in two processes of the environment that does `what` in its third step; with `once` only the first time.
    fn that(&self, what: &str, once: bool) -> Options {
        let module = self.folder.path().join("fakes.py").display().to_string();
        let mut options =
            Options { python: Some(self.python.clone()), copies: 3, processes: Some(2), ..Options::new("Fake-v0") };
        options.kwargs.insert("what".into(), what.into());
        if once {
            let mark = tempfile::NamedTempFile::new_in(self.folder.path()).unwrap().path().display().to_string();
            options.kwargs.insert("mark".into(), mark.into());
        }
        options.imports = vec![module];
        options.step_limit = Duration::from_secs(3);
        options
    }
}

/// Ten episodes, acted by chance.
fn ten(options: Options) -> Result<Dataset, Fault> {
    let mut env = Gymnasium::start(options, &Ctx::quiet())?;
    let (policy, mut collector) = (Chance(env.spec().action_space.clone()), Collector::new(5, "test", 0));
    collector.run(&mut env, &policy, Acting::Sampled, Limit::episodes(10), &Ctx::quiet())?;
    Ok(collector.dataset(&env).unwrap())
}

#[test]
fn episodes_are_the_same_after_a_recovery_and_what_fails_every_time_is_told() {
    let Some(fakes) = Fakes::new() else { return };
    let whole = ten(fakes.that("nothing", false)).unwrap();
    for what in ["dies", "hangs", "raises", "nan"] {
        assert_eq!(ten(fakes.that(what, true)).unwrap(), whole, "{what}");
    }
    let fault = ten(fakes.that("raises", false)).unwrap_err();
    assert!(fault.to_string().contains("the gripper is stuck"), "{fault}");
}

/// Takes long: `OODSCOPE_TEST_RAY=1` asks for it.
#[test]
fn an_actor_of_rays_that_dies_is_there_again() {
    if std::env::var_os("OODSCOPE_TEST_RAY").is_none() {
        return println!("skipped: OODSCOPE_TEST_RAY is not set");
    }
    let Some(fakes) = Fakes::new() else { return };
    let over = |what, once| Options {
        ray: Some("local".into()),
        step_limit: Duration::from_mins(1),
        start_limit: Duration::from_mins(2),
        ..fakes.that(what, once)
    };
    let whole = ten(fakes.that("nothing", false)).unwrap();
    assert_eq!(ten(over("nothing", false)).unwrap(), whole);
    assert_eq!(ten(over("dies", true)).unwrap(), whole);
    let fault = ten(over("dies", false)).unwrap_err().to_string();
    assert!(fault.contains("a Ray actor died in the middle of an episode (copies "), "{fault}");
    let fault = ten(over("raises", false)).unwrap_err().to_string();
    assert!(fault.contains("RuntimeError in copy") && fault.contains("the gripper is stuck"), "{fault}");
    let more = Options { processes: Some(3), ..over("nothing", false) };
    assert_eq!(ten(more).unwrap(), whole, "more actors than cores");
    let nobody = Options { ray: Some("127.0.0.1:1".into()), ..over("nothing", false) };
    assert!(ten(nobody).unwrap_err().to_string().contains("Ray does not answer at '127.0.0.1:1'"));
    let unknown = Options { id: "Hoper-v5".into(), ..over("nothing", false) };
    let fault = ten(unknown).unwrap_err().to_string();
    assert!(fault.contains("Did you mean: `Hopper`?"), "{fault}");
}

/// A function of the user's own acts in Python's environment as in the program's, where a seed is another start; what it raises
/// is told.
#[test]
fn a_function_of_python_is_a_policy() {
    let Some(fakes) = Fakes::new() else { return };
    let file = fakes.folder.path().join("own.py");
    let lines =
        ["def act(obs):", "    return -0.5 * obs[:, 2:3]", "def fails(obs):", "    raise ValueError('no idea')"];
    std::fs::write(&file, lines.join("\n")).unwrap();
    let python = text(&fakes.python);
    let diagnose = |function: &str, env: &str| {
        let policy = format!("py:{}:{function}", text(&file));
        let data = text(pendulum());
        run(&["diagnose", data, "--policy", &policy, "--python", python, "--env", env, "--episodes", "2", "--json"])
    };
    let json = diagnose("act", "gym:Pendulum-v1").json();
    let said = json.to_string();
    assert!(
        said.contains("the policy that --policy names in Pendulum-v1") && said.contains("acting in Pendulum-v1"),
        "{said}"
    );
    let told = diagnose("fails", "gym:Pendulum-v1");
    assert_ne!(told.status, Some(0));
    assert!(told.err.contains("no idea"), "{}", told.err);
    diagnose("nothing", "gym:Pendulum-v1").refuses(&["nothing"]);
}
