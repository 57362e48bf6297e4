//! What is said of the runs in sentences.

use std::path::Path;

use super::run::Run;
use crate::ground::number::counted;
use crate::metrics::report::{Level, Report};
use crate::topup::runs::State;

/// Most troubles that are told one by one.
const TROUBLES: usize = 5;

/// Says what there is in `folder`, what ended before its end, and what could not be read; `more` runs were left out.
pub fn say(report: &mut Report, runs: &[Run], folder: &Path, more: usize) {
    let left: Vec<&Run> = runs.iter().filter(|run| run.resume.is_some()).collect();
    if let Some((run, command)) = left.first().and_then(|run| Some((run, run.resume?))) {
        let text = format!(
            "{} ended before its end. Go on with the newest by: oodscope {command} --resume {}",
            counted(left.len(), "runs"),
            run.place.display()
        );
        report.note(Level::Warn, text);
    }
    let troubles: Vec<&String> = runs.iter().flat_map(|run| &run.troubles).collect();
    troubles.iter().take(TROUBLES).for_each(|text| report.note(Level::Warn, text.as_str()));
    if troubles.len() > TROUBLES {
        report.note(Level::Warn, format!("and {} more files that could not be read whole", troubles.len() - TROUBLES));
    }
    let back: usize = runs.iter().map(|run| run.taken_back).sum();
    if back > 0 {
        let text = "of runs that went back in their steps are left out: they were written again after a restart";
        report.note(Level::Info, format!("{} {text}", counted(back, "points")));
    }
    if runs.is_empty() {
        let text = "no runs in it; top-ups, online runs and experiments write some, and logs of other tools are read too: \
                    TensorBoard event files, JSON lines, CSV";
        report.note(Level::Info, format!("{}: {text}", folder.display()));
        return;
    }
    let count = |state: State| runs.iter().filter(|run| run.state.0 == state).count();
    let states = [State::Running, State::Ended, State::Stopped, State::Killed, State::Failed, State::Quiet];
    let words: Vec<String> = states
        .into_iter()
        .filter(|state| count(*state) > 0)
        .map(|state| format!("{} {}", count(state), state.word()))
        .collect();
    let beyond = if more > 0 { format!("; {more} older ones are left out") } else { String::new() };
    let all = counted(runs.len(), "runs");
    report.note(Level::Info, format!("{all} in {}: {}{beyond}", folder.display(), words.join(", ")));
}
