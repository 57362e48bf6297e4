//! What is said of how the model's doubt was carried along imagined rollouts.

use crate::metrics::report::{Level, Report};
use crate::world::propagation::Propagation;
use crate::world::world_model::WorldModel;

/// Says in title and notes of a `report` by which mode, and with which seed, its rollouts were imagined; nothing where that is the
/// mean of the elites.
pub fn tell(report: &mut Report, model: &dyn WorldModel, (mode, seed): (Propagation, u64)) {
    if mode == Propagation::Mean {
        return;
    }
    report.title = format!("{}, {}", report.title, mode.label());
    let drawn = if mode.is_drawn() { format!(" (seed {seed})") } else { String::new() };
    report.note(Level::Info, format!("Propagation {mode}: every step goes on from {}{drawn}.", mode.words()));
    let single = model.dims().members == 1;
    if single && (mode == Propagation::Members || !model.predicts_variance() && !model.draws_latents()) {
        let why = "the model has a single member and nothing to draw from";
        let why = if mode == Propagation::Members { "the model has a single member" } else { why };
        report.note(Level::Info, format!("Propagation {mode} is the mean here: {why}."));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::episode::TransitionBatch;
    use crate::ground::seed::stream;
    use crate::world::ensemble;
    use crate::world::fit::FitOptions;

    #[test]
    fn title_and_notes_name_the_mode_and_say_where_it_is_the_mean() {
        let data = TransitionBatch { obs: vec![0.0, 1.0], ..TransitionBatch::empty(1, 1) };
        let of = |members: usize, mode: Propagation| {
            let options = FitOptions { members, elites: members, hidden: 4, layers: 1, ..FitOptions::default() };
            let model = ensemble::fresh(&data, &options, &mut stream(0, "t", 0));
            let mut report = Report::new("imagination", "Imagination against reality");
            tell(&mut report, &model, (mode, 3));
            report
        };
        let plain = of(2, Propagation::Mean);
        assert!(plain.title == "Imagination against reality" && plain.notes.is_empty());
        let drawn = of(2, Propagation::Ts1);
        assert_eq!(drawn.title, "Imagination against reality, TS1");
        assert!(drawn.notes[0].text.contains("ts1") && drawn.notes[0].text.contains("seed 3"), "{:?}", drawn.notes);
        assert_eq!(drawn.notes.len(), 1);
        let alone = of(1, Propagation::Members);
        assert!(alone.notes[1].text.contains("is the mean here: the model has a single member"), "{:?}", alone.notes);
        // A single member that says its variance is drawn from all the same.
        assert_eq!(of(1, Propagation::TsInf).notes.len(), 1);
    }
}
