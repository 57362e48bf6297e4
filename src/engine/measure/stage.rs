//! Which environment episodes are acted in, and why: the one that is named, else the dataset's own.

use serde_json::{Map, Value};

use crate::data::dataset::Origin;
use crate::data::space::Space;
use crate::engine::opened::Opened;
use crate::engine::spec::ActingSpec;
use crate::env;
use crate::env::gymnasium::{Gymnasium, Options};
use crate::env::spec::ResetOption;
use crate::env::vector::VectorEnv;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

mod d4rl;

/// Module of the environments that hands, arms and mazes are of, and what their ids begin with.
const ROBOTICS: &str = "gymnasium_robotics";
const ROBOTS: [&str; 7] = ["Adroit", "AntMaze", "Fetch", "FrankaKitchen", "Hand", "PointMaze", "Kitchen"];

/// Copies of an environment that act side by side.
pub const COPIES: usize = 8;

/// An environment that has begun, with what people should know of it.
pub struct Acted {
    /// The environment.
    pub env: Box<dyn VectorEnv>,
    /// Where it runs.
    pub place: Option<String>,
    /// How it differs from the dataset's, where it does.
    pub warning: Option<String>,
}

/// An environment that was chosen and not started.
pub enum Chosen {
    /// Of the program, how many copies, and how they start.
    BuiltIn(String, usize, Vec<ResetOption>),
    /// Of Gymnasium, and how it differs from the dataset's.
    Worker(Box<Options>, Option<String>),
}

/// The environment that is named, else that of the dataset, else of the checkpoint.
///
/// # Errors
/// A sentence where nothing names one.
pub fn chosen(opened: &Opened) -> Result<Chosen, String> {
    let (asked, origin) = (&opened.source.acting, &opened.data.origin);
    if let Some(name) = asked.env.as_deref() {
        return Ok(by_name(name, asked, COPIES, Some(origin)));
    }
    let of_checkpoint = opened.checkpoint.as_ref().and_then(|c| c.about.env_id.as_deref());
    if let Some(id) = origin.env_id.as_deref().or(of_checkpoint) {
        if !asked.is_gymnasium() && env::is_built_in(id) {
            return Ok(Chosen::BuiltIn(id.into(), COPIES, Vec::new()));
        }
        if let Some(near) = d4rl::nearest(id) {
            return Ok(near.chosen(asked, id));
        }
        return Ok(Chosen::Worker(Box::new(options(id, asked, Some(origin))), None));
    }
    let stem = origin.path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let names = [origin.dataset_id.clone(), stem.filter(|_| origin.format == "d4rl")];
    let known = names.into_iter().flatten().find_map(|name| Some((d4rl::nearest(&name)?, name)));
    known.map(|(near, name)| near.chosen(asked, &name)).ok_or_else(|| {
        let path = opened.source.dataset.display();
        format!("{path}: the file does not name its environment; name it with --env (built in: {})", env::known())
    })
}

/// The environment that `asked` names, in `copies` copies.
///
/// # Errors
/// A sentence where it names none.
pub fn named(asked: &ActingSpec, copies: usize) -> Result<Chosen, Fault> {
    let none = || Fault::bad(format!("name an environment with --env (built in: {})", env::known()));
    asked.env.as_deref().map(|name| by_name(name, asked, copies, None)).ok_or_else(none)
}

/// The environment called `name`; where it is that of `origin`, it is made as that says.
fn by_name(name: &str, asked: &ActingSpec, copies: usize, origin: Option<&Origin>) -> Chosen {
    let plain = name.strip_prefix("gym:");
    if plain.is_none() && !asked.is_gymnasium() && env::is_built_in(name) {
        return Chosen::BuiltIn(name.into(), copies, Vec::new());
    }
    let id = plain.unwrap_or(name);
    let options = options(id, asked, origin.filter(|origin| origin.env_id.as_deref() == Some(id)));
    Chosen::Worker(Box::new(Options { copies, ..options }), None)
}

/// What is asked of the workers; the dataset's own environment is made as its file says.
fn options(id: &str, asked: &ActingSpec, origin: Option<&Origin>) -> Options {
    let spec = origin.and_then(|origin| serde_json::from_str::<Value>(origin.env_spec.as_deref()?).ok());
    let mut kwargs: Map<String, Value> =
        spec.as_ref().and_then(|spec| spec["kwargs"].as_object().cloned()).unwrap_or_default();
    kwargs.extend(asked.env_args.clone());
    let limit = spec.and_then(|spec| usize::try_from(spec["max_episode_steps"].as_u64()?).ok());
    let mut imports = asked.env_import.clone();
    if ROBOTS.iter().any(|robot| id.starts_with(robot)) {
        imports.push(ROBOTICS.into());
    }
    Options {
        kwargs,
        imports,
        max_episode_steps: limit.filter(|limit| *limit > 0),
        python: asked.python.clone(),
        worker_command: asked.worker_command.clone(),
        ray: asked.ray.clone(),
        processes: asked.workers,
        copies: COPIES,
        ..Options::new(id)
    }
}

impl Chosen {
    /// Begins it for a dataset of `opened`'s spaces.
    ///
    /// # Errors
    /// [`Fault`] where it cannot be made, or does not fit the dataset.
    pub fn start(self, opened: &Opened, cx: &Ctx) -> Result<Acted, Fault> {
        let acted = self.begin(opened.source.acting.env.is_some(), cx)?;
        acted.env.spec().fits(&opened.data.obs_space, &opened.data.action_space, "the dataset").map_err(Fault::bad)?;
        Ok(acted)
    }

    /// The same with starts as `options` say.
    ///
    /// # Errors
    /// A sentence where it takes none.
    pub fn starting(self, options: &[ResetOption]) -> Result<Self, Fault> {
        match self {
            Self::BuiltIn(id, copies, _) => Ok(Self::BuiltIn(id, copies, options.to_vec())),
            other if options.is_empty() => Ok(other),
            Self::Worker(made, _) => Err(Fault::bad(format!(
                "reset options (--x-init, --y-init) are for environments of the program, and {} is Gymnasium's; leave them out",
                made.id
            ))),
        }
    }

    /// Begins it; `named` says that somebody asked for it by name.
    ///
    /// # Errors
    /// [`Fault`] where it cannot be made.
    pub fn begin(self, named: bool, cx: &Ctx) -> Result<Acted, Fault> {
        match self {
            Self::BuiltIn(id, copies, options) => {
                let made = env::make(&id, copies, &options)?;
                let env = made.ok_or_else(|| Fault::bad(format!("no environment is called '{id}'")))?;
                Ok(Acted { env, place: None, warning: None })
            }
            Self::Worker(options, warning) => {
                let id = options.id.clone();
                let started = Gymnasium::start(*options, &cx.phase(&format!("starting {id} in Python")));
                let workers = started.map_err(|fault| match fault {
                    Fault::Cancelled => fault,
                    // Whoever named one may have meant another.
                    other if named => Fault::bad(format!("{other} (built in: {})", env::known())),
                    other => Fault::bad(other.to_string()),
                })?;
                let place = Some(place(&id, &workers));
                Ok(Acted { place, warning: warning.or_else(|| unseeded(&id, &workers)), env: Box::new(workers) })
            }
        }
    }
}

/// Where it runs, for people.
fn place(id: &str, workers: &Gymnasium) -> String {
    let versions = ["gymnasium", "mujoco"].map(|name| workers.versions().get(name).map(|v| format!("{name} {v}")));
    let versions = versions.into_iter().flatten().collect::<Vec<_>>().join(", ");
    format!("acting in {id} ({versions}) with {}", workers.chosen())
}

fn unseeded(id: &str, workers: &Gymnasium) -> Option<String> {
    (!workers.seeded()).then(|| {
        format!("{id} begins another episode each time although the seed is the same: what is acted cannot be repeated")
    })
}

/// The environment of `opened`, begun; `Err` within `Ok` says why there is none where none was named.
///
/// # Errors
/// [`Fault`] where the one that is named cannot be made or does not fit; or cancelled.
pub fn begin(opened: &Opened, cx: &Ctx) -> Result<Result<Acted, String>, Fault> {
    let chosen = match chosen(opened) {
        Ok(chosen) => chosen,
        Err(why) => return Ok(Err(why)),
    };
    let implied = opened.source.acting == ActingSpec::default() && matches!(chosen, Chosen::Worker(..));
    match chosen.start(opened, cx) {
        Ok(acted) => Ok(Ok(acted)),
        Err(Fault::Cancelled) => Err(Fault::Cancelled),
        Err(why) if implied => Ok(Err(why.to_string())),
        Err(why) => Err(why),
    }
}

/// The actions of the environment, where it is built in and fits the dataset.
pub fn built_in_actions(opened: &Opened) -> Option<Space> {
    let Ok(Chosen::BuiltIn(id, ..)) = chosen(opened) else { return None };
    let env = env::make(&id, 1, &[]).ok()??;
    let spec = env.spec();
    spec.fits(&opened.data.obs_space, &opened.data.action_space, "the dataset").ok()?;
    Some(spec.action_space.clone())
}
