//! Files that people have and that are no world model oodscope imports: recognised by what is inside, and named with what to
//! do instead.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde_json::Value;

use super::tensors::read_bounded;

/// Longest beginning of a file that is looked at.
const HEAD: u64 = 1 << 20;

/// What to do instead, by what it is.
const POLICY: &str = "no world model; give the file of the dynamics model to --checkpoint, and this one to --policy, or its \
                      episodes to --rollouts";
const LATENT: &str = "a world model that imagines in a latent space, which is not imported; record what it imagines as a \
                      dataset and hold it against the data with oodscope compare";
const CONVERT: &str = "save the numbers of a plain dynamics model as a torch state_dict or as safetensors instead";

const NO_HEADS: &str = "its state_base or state_heads are not those of rsl_rl_rwm's SystemDynamicsEnsemble, which alone is read; save the \
                        file anew with the runner";

/// Names of tensors that only one library has, the more special first: all of `all` must be within some name.
struct Rule {
    what: &'static str,
    all: &'static [&'static str],
    remedy: &'static str,
}

const fn rule(what: &'static str, all: &'static [&'static str], remedy: &'static str) -> Rule {
    Rule { what, all, remedy }
}

const RULES: &[Rule] = &[
    rule("a checkpoint of r2dreamer", &["rssm._deter_net."], LATENT),
    rule("a checkpoint of dreamerv3-torch", &["_wm."], LATENT),
    rule("a checkpoint of dreamerv3-torch", &["dynamics._cell.layers.GRU"], LATENT),
    rule("a checkpoint of TD-MPC2", &["_encoder.", "_dynamics.", "_Qs"], LATENT),
    rule("a checkpoint of TD-MPC", &["_encoder.", "_dynamics.", "_Q1"], LATENT),
    rule("a checkpoint of TD-MPC", &["_dynamics.", "_reward.", "_pi."], LATENT),
    rule("a Robotic World Model of rsl_rl", &["system_dynamics_state_dict."], NO_HEADS),
    rule("a Robotic World Model of rsl_rl", &["state_base.", "state_heads."], NO_HEADS),
    rule("a checkpoint of sheeprl's Dreamer", &["world_model.", "rssm"], LATENT),
    rule("a recurrent state-space model", &["posterior_net."], LATENT),
    rule("a recurrent state-space model", &["rssm."], LATENT),
    rule("a checkpoint of DreamerV3", &["dyn/"], LATENT),
    rule("a policy of Stable-Baselines3", &["mlp_extractor."], POLICY),
    rule("a policy of Stable-Baselines3", &["latent_pi."], POLICY),
    rule("a policy of d3rlpy", &["_encoder._layers."], POLICY),
    rule("a policy of OfflineRL-Kit", &["actor.backbone.model."], POLICY),
    rule("a policy of CleanRL", &["fc_mu", "action_scale"], POLICY),
    rule("a policy of CleanRL", &["actor_mean.", "critic."], POLICY),
    rule("a policy of rsl_rl", &["model_state_dict.actor."], POLICY),
    rule("a policy of rsl_rl", &["actor_state_dict."], POLICY),
    rule("a policy of mbrl-lib", &["policy_state_dict."], POLICY),
    rule("a policy with its critics", &["actor", "critic"], POLICY),
    rule("a policy", &["actor."], POLICY),
    rule("a policy", &["policy."], POLICY),
    rule("a policy", &["log_std_linear."], POLICY),
    rule("a transformer", &["self_attn"], LATENT),
    rule("a transformer", &["attn."], LATENT),
    rule("a recurrent network", &["weight_ih"], LATENT),
];

/// What a file with tensors of these names is, in a folder that may say so too; nothing where it may be a plain perceptron.
pub fn of_tensors<'n>(names: impl Iterator<Item = &'n str>, folder: &Path) -> Option<String> {
    if let Some(what) = of_config(&folder.join("config.json")) {
        return Some(what);
    }
    let names: Vec<&str> = names.filter(|n| !n.starts_with("optim")).collect();
    let has = |part: &&str| names.iter().any(|n| n.contains(*part) && !n.contains("reward_head"));
    // A dictionary of many parts may keep a policy beside the dynamics model.
    let model = names
        .iter()
        .any(|n| n.starts_with("model_state_dict.") || n.starts_with("model.") || n.starts_with("dynamics"));
    let rule = RULES.iter().find(|rule| rule.all.iter().all(has))?;
    let generic = ["a policy", "a policy with its critics"].contains(&rule.what);
    (!generic || !model).then(|| format!("{}: {}", rule.what, rule.remedy))
}

/// What the `config.json` of a library that keeps one beside its weights says.
fn of_config(path: &Path) -> Option<String> {
    let value: Value = serde_json::from_slice(&read_bounded(path, HEAD).ok()?).ok()?;
    let target = value["_target_"].as_str().unwrap_or_default();
    if target.starts_with("stable_worldmodel") {
        return Some(format!("a model of stable-worldmodel ({target}): {LATENT}"));
    }
    let lerobot = value["type"].is_string() && (value["n_obs_steps"].is_u64() || value["input_features"].is_object());
    lerobot.then(|| format!("a policy of LeRobot ({}): {POLICY}", value["type"].as_str().unwrap_or_default()))
}

/// What a file or folder that holds no torch or safetensors tensors is, by its name and first bytes.
pub fn of_path(path: &Path) -> Option<String> {
    if path.is_dir() {
        return of_folder(path);
    }
    let mut head = Vec::new();
    File::open(path).ok()?.take(HEAD).read_to_end(&mut head).ok()?;
    let ending = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
    let holds = |word: &[u8]| head.windows(word.len()).any(|w| w == word);
    let pickle = head.first() == Some(&0x80) && matches!(head.get(1), Some(2..=5));
    let what = match ending {
        "onnx" => format!("an ONNX graph, which is not imported: {CONVERT}"),
        "msgpack" => format!("a msgpack of flax parameters, which is not imported: {CONVERT}"),
        "d3" => format!("a policy of d3rlpy: {POLICY}"),
        "tflite" | "pb" | "h5" | "keras" if !holds(b"observations") => {
            format!("a TensorFlow or Keras model, which is not imported: {CONVERT}")
        }
        _ if pickle && (holds(b"dyn/") || holds(b"rssm/")) => format!("a checkpoint of DreamerV3: {LATENT}"),
        _ if pickle && (holds(b"jax._src") || holds(b"jaxlib") || holds(b"flax")) => {
            format!("a pickle of flax parameters (jax arrays), which is not imported: {CONVERT}")
        }
        _ if pickle && holds(b"/kernel") => format!("a pickle of jax parameters, which is not imported: {CONVERT}"),
        _ if pickle => format!("a pickle that is no file of torch.save, which is not imported: {CONVERT}"),
        _ => return None,
    };
    Some(what)
}

fn of_folder(path: &Path) -> Option<String> {
    let has = |name: &str| path.join(name).exists();
    if has("_CHECKPOINT_METADATA") || has("manifest.ocdbt") || has("_METADATA") {
        return Some(format!("an orbax checkpoint of jax, which is not imported: {CONVERT}"));
    }
    if has("saved_model.pb") || has("checkpoint") && has("checkpoint.index") {
        return Some(format!("a TensorFlow model, which is not imported: {CONVERT}"));
    }
    let inner =
        ["agent.pkl", "pretrained_model/model.safetensors"].iter().map(|n| path.join(n)).find(|f| f.is_file())?;
    of_path(&inner).or_else(|| of_config(&inner.with_file_name("config.json")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(names: &[&str]) -> Option<String> {
        of_tensors(names.iter().copied(), Path::new("/nowhere"))
    }

    #[test]
    fn libraries_are_known_by_the_names_of_their_tensors() {
        for (names, what) in [
            (&["agent_state_dict._wm._orig_mod.dynamics.W"][..], "dreamerv3-torch"),
            (&["agent_state_dict.rssm._deter_net._dyn_in0.0.weight"], "r2dreamer"),
            (&["model._encoder.state.0.weight", "model._dynamics.0.weight", "model._Qs.params.0"], "TD-MPC2"),
            (
                &["model_state_dict.actor.0.weight", "system_dynamics_state_dict.state_base.x"],
                "Robotic World Model of rsl_rl",
            ),
            (&["model_state_dict.actor.0.weight", "model_state_dict.critic.0.weight"], "a policy of rsl_rl"),
            (&["0.fc1.weight", "0.fc_mu.weight", "0.action_scale"], "CleanRL"),
            (&["actor_mean.0.weight", "critic.0.weight"], "CleanRL"),
            (&["actor.latent_pi.0.weight", "critic.qf0.0.weight"], "Stable-Baselines3"),
            (&["policy._encoder._layers.0.weight"], "d3rlpy"),
            (&["actor.backbone.model.0.weight", "critic1.last.weight"], "OfflineRL-Kit"),
            (&["policy_state_dict.linear1.weight"], "mbrl-lib"),
            (&["encoder.net.0.weight", "posterior_net.net.0.weight"], "recurrent state-space"),
            (&["model.encoder.layers.0.self_attn.in_proj_weight"], "transformer"),
            (&["gru.weight_ih_l0"], "recurrent network"),
        ] {
            let said = of(names).unwrap_or_else(|| panic!("{names:?}"));
            assert!(said.contains(what), "{names:?}: {said}");
        }
    }

    #[test]
    fn a_dynamics_model_is_not_taken_for_something_else() {
        for names in [
            &["net.0.weight", "net.0.bias", "input_mean"][..],
            &["model_state_dict.net.0.weight", "optimizer_state_dict.state.0.exp_avg"],
            &["model.0.weight", "policy.0.weight"],
            &["trunk.0.weight", "delta_head.weight", "reward_head.weight"],
            &["action_mask", "net.0.weight"],
        ] {
            assert_eq!(of(names), None, "{names:?}");
        }
    }

    #[test]
    fn files_that_hold_no_tensors_are_known_by_their_first_bytes() {
        let dir = tempfile::tempdir().unwrap();
        let said = |name: &str, bytes: &[u8]| {
            let path = dir.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            of_path(&path).unwrap_or_default()
        };
        assert!(said("model.onnx", b"\x08\x0a").contains("ONNX"));
        assert!(said("params.pkl", b"\x80\x04\x8c\x0ejax._src.array").contains("flax"));
        assert!(said("agent.pkl", b"\x80\x04 dyn/dyngru/kernel").contains("DreamerV3"));
        assert!(said("other.pkl", b"\x80\x04.").contains("no file of torch.save"));
        assert!(said("policy.d3", b"\x80\x04.").contains("d3rlpy"));
        assert_eq!(said("notes.txt", b"hello"), "");
        assert!(of_path(dir.path()).unwrap().contains("DreamerV3"), "the folder is known by its agent.pkl");
        std::fs::write(dir.path().join("_CHECKPOINT_METADATA"), b"{}").unwrap();
        assert!(of_path(dir.path()).unwrap().contains("orbax"));
    }
}
