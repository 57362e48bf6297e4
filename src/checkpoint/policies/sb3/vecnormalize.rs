//! The statistics of `VecNormalize`, which lie in a pickle of their own.

use std::path::{Path, PathBuf};

use super::data::Data;
use crate::agent::policy::Statistics;
use crate::checkpoint::About;
use crate::checkpoint::pickle::{Id, Pickle, Value, load_objects};
use crate::checkpoint::policies::PolicyGiven;
use crate::checkpoint::tensors::read_bounded;
use crate::ground::fault::Fault;

/// Longest pickle that is read.
const MAX_PICKLE: u64 = 16 << 20;
/// Longest configuration that is looked into.
const MAX_CONFIG: u64 = 1 << 20;
/// The configuration of the RL Zoo.
const CONFIG: &str = "config.yml";
/// Names of the pickle.
const NAMES: [&str; 2] = ["vecnormalize.pkl", "vec_normalize.pkl"];

/// The statistics of the policy in `zip` that acts on `columns`; nothing where observations are not normalised. A warning where
/// they were, and by what is nowhere to be found.
pub fn statistics(
    zip: &Path,
    columns: usize,
    data: &Data,
    given: &PolicyGiven<'_>,
    about: &mut About,
) -> Result<Option<Statistics>, Fault> {
    let Some(file) = given.normalize.map(Path::to_path_buf).or_else(|| beside(zip)) else {
        let why = if configured(zip) {
            "its config.yml says that observations were normalised"
        } else if data.was_normalised() {
            "it was trained on observations that VecNormalize had normalised"
        } else {
            about.notes.push("no vecnormalize.pkl lies beside it: it acts on observations as they are".into());
            return Ok(None);
        };
        about.warnings.push(format!(
            "{why}, and no vecnormalize.pkl lies beside it: without its statistics the policy acts on what it never saw; name \
             the file with --policy-normalize"
        ));
        return Ok(None);
    };
    let bytes = read_bounded(&file, MAX_PICKLE)?;
    let bad = |problem: String| Fault::at(&file, problem);
    let (pickle, _) = load_objects(&bytes).map_err(bad)?;
    let read = of(&pickle).map_err(bad)?;
    let Some(statistics) = read else {
        about.notes.push(format!("{} does not normalise observations", file.display()));
        return Ok(None);
    };
    if statistics.mean.len() != columns {
        return Err(bad(format!(
            "statistics of {} observation columns, the policy takes {columns}; name its own with --policy-normalize",
            statistics.mean.len()
        )));
    }
    about.notes.push(format!("observations are normalised by {}", file.display()));
    Ok(Some(statistics))
}

/// What the pickle of a `VecNormalize` says; nothing where it leaves observations as they are.
fn of(pickle: &Pickle) -> Result<Option<Statistics>, String> {
    let root = pickle.root;
    match pickle.object(root) {
        Some((class, _)) if class.ends_with("VecNormalize") => {}
        Some((class, _)) => return Err(format!("a pickle of {class}; the one of VecNormalize is needed")),
        None => return Err("no pickle of VecNormalize".into()),
    }
    if pickle.entry(root, "norm_obs").is_some_and(|id| *pickle.value(id) == Value::Bool(false)) {
        return Ok(None);
    }
    let number = |key: &str| {
        let found = pickle.entry(root, key).and_then(|id| pickle.number(id));
        found.ok_or_else(|| format!("VecNormalize without its {key}"))
    };
    let (epsilon, clip) = (number("epsilon")?, number("clip_obs")?);
    let rms = pickle.entry(root, "obs_rms").ok_or("VecNormalize without its obs_rms")?;
    let column = |rms: Id, key: &str| match pickle.entry(rms, key).map(|id| pickle.value(id)) {
        Some(Value::Array(a)) => Ok(a.values.clone()),
        _ => Err(format!("obs_rms without its {key}")),
    };
    let (mean, var) = match pickle.value(rms) {
        // Of a dictionary, the parts follow each other in the order of their names.
        Value::Dict(parts) => {
            let mut parts: Vec<(&str, Id)> = parts
                .iter()
                .filter_map(
                    |(k, v)| if let Value::Str(name) = pickle.value(*k) { Some((name.as_str(), *v)) } else { None },
                )
                .collect();
            parts.sort_unstable();
            let all = |key: &str| -> Result<Vec<f64>, String> {
                Ok(parts.iter().map(|(_, rms)| column(*rms, key)).collect::<Result<Vec<_>, _>>()?.concat())
            };
            (all("mean")?, all("var")?)
        }
        _ => (column(rms, "mean")?, column(rms, "var")?),
    };
    let std = var.iter().map(|v| (v + epsilon).sqrt()).collect();
    Ok(Some(Statistics { mean, std, clip: Some(clip) }))
}

/// The pickle beside `zip`, in its folder or in the one of its name, as the RL Zoo keeps it; or the one of the same step, as
/// checkpoints are written.
fn beside(zip: &Path) -> Option<PathBuf> {
    let (folder, own) = (zip.parent().unwrap_or(Path::new(".")), zip.with_extension(""));
    let stem = zip.file_stem()?.to_str()?;
    let parts: Vec<&str> = stem.rsplitn(3, '_').collect();
    let of_step = match parts[..] {
        ["steps", step, name] => folder.join(format!("{name}_vecnormalize_{step}_steps.pkl")),
        _ => folder.join(format!("{stem}_vecnormalize.pkl")),
    };
    let named = [folder, &own].into_iter().flat_map(|place| NAMES.map(|name| place.join(name)));
    std::iter::once(of_step).chain(named).find(|file| file.is_file())
}

/// Where the RL Zoo keeps the configuration of the policy in `zip`.
fn configurations(zip: &Path) -> [PathBuf; 2] {
    [zip.with_file_name(CONFIG), zip.with_extension("").join(CONFIG)]
}

/// The environment, by which the RL Zoo calls the file: `Pendulum-v1.zip` beside `config.yml`.
pub fn environment(zip: &Path) -> Option<String> {
    let stem = zip.file_stem()?.to_str()?;
    let (_, version) = stem.rsplit_once("-v")?;
    let versioned = !version.is_empty() && version.bytes().all(|b| b.is_ascii_digit());
    (versioned && configurations(zip).iter().any(|file| file.is_file())).then(|| stem.to_owned())
}

/// True if the RL Zoo's configuration beside `zip` asks for normalised observations.
fn configured(zip: &Path) -> bool {
    configurations(zip).iter().filter_map(|place| read_bounded(place, MAX_CONFIG).ok()).any(|bytes| {
        let text = String::from_utf8_lossy(&bytes);
        // Of a list of pairs, whose values stand on lines of their own.
        let mut lines = text.lines().skip_while(|line| line.trim_start_matches(['-', ' ']) != "normalize");
        let value = lines.nth(1).unwrap_or_default().to_lowercase().replace([' ', '\'', '"'], "");
        value.contains("true") && !value.contains("norm_obs:false")
    })
}
