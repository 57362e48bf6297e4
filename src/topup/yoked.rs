//! The yoked control of an adaptive run: as many chunks of the same sizes at random checks. What it reaches less than that run is
//! what the timing was worth, beside the amount (FIELD 5).

use std::collections::BTreeMap;
use std::path::Path;

use rand::seq::index;

use super::controller::{Decision, Rule, Schedule, StopReason};
use super::options::Options;
use super::run::{self, RunDir};
use crate::checkpoint::Checkpoint;
use crate::ground::fault::Fault;
use crate::ground::number::counted;
use crate::ground::seed::stream;

/// Steps of each chunk that the adaptive run in `folder` added, one after the other, for a control with `options`.
///
/// # Errors
/// [`Fault`] where it is no adaptive run, has not ended, added nothing, or was warmed up otherwise.
pub fn chunks(folder: &Path, options: &Options) -> Result<Vec<usize>, Fault> {
    let begun = RunDir::spec::<Options>(folder)?;
    if begun.schedule != Schedule::Adaptive {
        return Err(Fault::at(folder, "no adaptive run; name with --yoked the run whose control it is to be"));
    }
    if begun.warm_up != options.warm_up {
        let n = begun.warm_up;
        return Err(Fault::at(folder, format!("the run began with --warm-up {n}: give its control the same")));
    }
    if run::outcome(folder).is_none_or(|outcome| outcome.reason == StopReason::User) {
        let again = folder.display();
        return Err(Fault::at(
            folder,
            format!("the run has not ended: go on with it by oodscope topup --resume {again}"),
        ));
    }
    let added = |decision| if let Decision::Collect { steps, .. } = decision { Some(steps) } else { None };
    let decisions = RunDir::decisions(folder)?;
    let chunks: Vec<usize> = decisions.iter().copied().filter_map(added).collect();
    if decisions.is_empty() {
        return Err(Fault::at(folder, "the run made no check, so there is nothing to be the control of"));
    }
    if chunks.is_empty() {
        return Err(Fault::at(folder, "the run collected nothing after any check: its control is --schedule none"));
    }
    Ok(chunks)
}

/// Refuses a control that begins with other networks than the adaptive run in `folder` did: what the two reach would differ by more
/// than the timing.
///
/// # Errors
/// [`Fault`] where they are others, or cannot be read.
pub fn begins_alike(folder: &Path, start: &Checkpoint) -> Result<(), Fault> {
    let Some(begun) = RunDir::start_of(folder)? else { return Ok(()) };
    // A policy that acts as it is, is not written down.
    let acts_alike = match (&begun.policy, &start.policy) {
        (Some(begun), Some(start)) => begun.same(&**start),
        (begun, _) => begun.is_none(),
    };
    if acts_alike && begun.world_model == start.world_model {
        return Ok(());
    }
    Err(Fault::at(
        folder,
        "the run began with other networks: give its control the same --checkpoint, or the same --seed where none was named",
    ))
}

/// `rule` as the options want it, and what is said of it where it is a control.
///
/// # Errors
/// [`Fault`] where there are more chunks than checks.
pub fn control(rule: Rule, options: &Options, steps: usize) -> Result<(Rule, Option<String>), Fault> {
    if options.schedule != Schedule::Yoked {
        return Ok((rule, None));
    }
    let plan = plan(&options.chunks, options.rounds, options.seed)?;
    let checks: Vec<String> = plan.keys().map(ToString::to_string).collect();
    let said = format!(
        "Yoked control: the adaptive run's {} ({} steps) are added after checks that were drawn at random: {}. What that run gained \
         more is worth its timing, not its amount.",
        counted(options.chunks.len(), "chunks"),
        options.chunks.iter().sum::<usize>(),
        checks.join(", ")
    );
    Ok((rule.yoked(plan, options.warm_up, steps), Some(said)))
}

/// The steps of `chunks` in their order after as many of `checks` checks, drawn without replacement; checks count from 1.
///
/// # Errors
/// [`Fault`] where there are more chunks than checks.
pub fn plan(chunks: &[usize], checks: usize, seed: u64) -> Result<BTreeMap<usize, usize>, Fault> {
    let n = chunks.len();
    if n > checks {
        return Err(Fault::bad(format!(
            "{} do not go into {}: give the control at least --rounds {n}",
            counted(n, "chunks"),
            counted(checks, "checks")
        )));
    }
    let mut drawn = index::sample(&mut stream(seed, "yoked", 0), checks, n).into_vec();
    drawn.sort_unstable();
    Ok(drawn.into_iter().map(|check| check + 1).zip(chunks.iter().copied()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::learner::Blocks;
    use crate::topup::controller::Reason;
    use crate::topup::run::RunOutcome;
    use crate::world::ensemble::Ensemble;

    #[test]
    fn every_chunk_has_its_check_and_every_check_its_turn() {
        let chunks = [200, 150, 30];
        let mut seen = [0; 6];
        for seed in 0..300 {
            let plan = plan(&chunks, 6, seed).unwrap();
            assert_eq!(plan.values().copied().collect::<Vec<_>>(), chunks, "in their order, each once");
            for check in plan.keys() {
                seen[check - 1] += 1;
            }
        }
        // Half of 300, with a deviation of 8.7.
        assert!(seen.iter().all(|n| (110..190).contains(n)), "{seen:?}");
        assert_eq!(plan(&chunks, 9, 4).unwrap(), plan(&chunks, 9, 4).unwrap());
        assert_eq!(plan(&chunks, 3, 1).unwrap().into_keys().collect::<Vec<_>>(), [1, 2, 3]);
        assert!(plan(&chunks, 2, 1).unwrap_err().to_string().contains("--rounds 3"));
    }

    #[test]
    fn a_control_begins_as_its_run_began() {
        let root = tempfile::tempdir().unwrap();
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/pendulum-narrow");
        let start = crate::checkpoint::open(&shipped).unwrap();
        let mut moved = Ensemble::known(&**start.world_model.as_ref().unwrap()).unwrap().clone();
        moved.net.layers[0].weight[0] += 0.5;
        let other = Checkpoint { world_model: Some(Box::new(moved)), ..start.clone() };
        let run = RunDir::create(root.path(), "a", &Options::default()).unwrap();
        assert!(begins_alike(run.path(), &start).is_ok(), "nothing is written yet");
        run.save_round(0, &start, &Blocks::new(), None::<&()>).unwrap();
        assert!(begins_alike(run.path(), &start).is_ok());
        let refused = |start: &Checkpoint| begins_alike(run.path(), start).unwrap_err().to_string();
        assert!(refused(&other).contains("other networks"));
        assert!(refused(&Checkpoint { policy: None, ..start.clone() }).contains("--checkpoint"));
    }

    #[test]
    fn a_run_that_a_control_cannot_follow_is_refused_in_a_sentence() {
        let root = tempfile::tempdir().unwrap();
        let begun = |label: &str, schedule| {
            RunDir::create(root.path(), label, &Options { schedule, ..Options::default() }).unwrap()
        };
        let ended = |run: &RunDir, reason| {
            let (returns, gain) = ((0.0, 1.0), (1.0, 0.1));
            run.end(&RunOutcome { reason, checks: 2, added: 0, total: 9, returns, gain }).unwrap();
        };
        let refused = |run: &RunDir| chunks(run.path(), &Options::default()).unwrap_err().to_string();
        let mut run = begun("a", Schedule::Adaptive);
        assert!(refused(&run).contains("has not ended"));
        ended(&run, StopReason::User);
        assert!(refused(&run).contains("--resume"));
        ended(&run, StopReason::Converged);
        assert!(refused(&run).contains("made no check"));
        let decided = |decision| serde_json::json!({"decision": decision, "fresh_loss": f64::NAN});
        run.decision(&decided(Decision::Train)).unwrap();
        assert!(refused(&run).contains("--schedule none"));
        for steps in [40, 25] {
            run.decision(&decided(Decision::Collect { steps, reason: Reason::Evidence })).unwrap();
        }
        run.decision(&decided(Decision::Stop(StopReason::Converged))).unwrap();
        assert_eq!(chunks(run.path(), &Options::default()).unwrap(), [40, 25]);
        let warm = Options { warm_up: 9, ..Options::default() };
        assert!(chunks(run.path(), &warm).unwrap_err().to_string().contains("--warm-up 0"));
        assert!(refused(&begun("b", Schedule::Fixed)).contains("no adaptive run"));
        assert!(chunks(root.path(), &Options::default()).unwrap_err().to_string().contains("not a run directory"));
    }
}
