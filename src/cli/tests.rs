use clap::CommandFactory;

use super::*;
use crate::engine::job::{
    CompareSpec, CoverSpec, DiagnoseSpec, FitSpec, ImagineSpec, JobSpec, ScoreSpec, Source, TopUpSpec,
};

fn command(args: &[&str]) -> Command {
    let all = [&["oodscope"], args].concat();
    Cli::try_parse_from(all).expect("parses").command.expect("a sub-command")
}

#[test]
fn the_parser_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn the_defaults_of_the_options_are_those_of_the_specs() {
    let source = Source::default;
    let Command::Fit(fit) = command(&["fit"]) else { panic!("fit") };
    assert_eq!(fit.job(source()), JobSpec::Fit(FitSpec::default()));
    let Command::Coverage(coverage) = command(&["coverage"]) else { panic!("coverage") };
    assert_eq!(coverage.job(source()), JobSpec::Cover(CoverSpec::default()));
    let Command::Imagine(imagine) = command(&["imagine"]) else { panic!("imagine") };
    assert_eq!(imagine.job(source()), JobSpec::Imagine(ImagineSpec::default()));
    let Command::Diagnose(diagnose) = command(&["diagnose"]) else { panic!("diagnose") };
    assert_eq!(diagnose.job(source()), JobSpec::Diagnose(DiagnoseSpec::default()));
    let Command::Compare(compare) = command(&["compare", "a", "b"]) else { panic!("compare") };
    let ab = Source { dataset: "a".into(), rollouts: Some("b".into()), ..source() };
    assert_eq!(compare.job(), JobSpec::Compare(CompareSpec { source: ab, ..CompareSpec::default() }));
    let Command::Score(score) = command(&["score"]) else { panic!("score") };
    assert_eq!(score.job(source()), JobSpec::Score(ScoreSpec::default()));
    let Command::Topup(topup) = command(&["topup"]) else { panic!("topup") };
    assert_eq!(topup.job(source()), TopUpSpec::default());
}

#[test]
fn options_reach_the_specs() {
    let Command::Fit(fit) = command(&["fit", "d", "--members", "3", "--seed", "7", "--checkpoint", "c"]) else {
        panic!("fit")
    };
    let JobSpec::Fit(spec) = fit.job(Source::default()) else { panic!("fit") };
    assert_eq!((spec.members, spec.elites, spec.seed), (3, 3, 7));
    assert_eq!(spec.source.checkpoint, Some("c".into()));
    let Command::Topup(topup) = command(&["topup", "d", "--schedule", "fixed", "--threshold", "2"]) else {
        panic!("topup")
    };
    let spec = topup.job(Source::default());
    assert_eq!((spec.options.schedule, spec.options.threshold), (crate::engine::job::Schedule::Fixed, Some(2.0)));
}

#[test]
fn the_propagation_reaches_the_spec_and_is_written_by_name() {
    let Command::Imagine(imagine) = command(&["imagine", "d", "--propagation", "tsinf", "--seed", "3"]) else {
        panic!("imagine")
    };
    let job = imagine.job(Source::default());
    let JobSpec::Imagine(spec) = &job else { panic!("imagine") };
    assert_eq!((spec.propagation, spec.seed), (crate::engine::job::Propagation::TsInf, 3));
    let written = serde_json::to_string(&job).unwrap();
    assert!(written.contains("\"propagation\":\"tsinf\""), "{written}");
    assert_eq!(serde_json::from_str::<JobSpec>(&written).unwrap(), job);
    assert!(Cli::try_parse_from(["oodscope", "imagine", "d", "--propagation", "ts2"]).is_err());
}

#[test]
fn a_comparison_has_one_second_set() {
    let parses = |args: &[&str]| Cli::try_parse_from([&["oodscope", "compare"], args].concat()).is_ok();
    assert!(parses(&["a", "b"]) && parses(&["a", "--imagined", "--checkpoint", "c"]));
    let wrong: [&[&str]; 4] = [
        &["a"],
        &["a", "--imagined"],
        &["a", "b", "--imagined", "--checkpoint", "c"],
        &["a", "b", "--checkpoint", "c"],
    ];
    assert!(wrong.iter().all(|args| !parses(args)));
}

#[test]
fn the_kind_of_threshold_and_the_file_reach_the_spec() {
    let args = ["score", "d", "--threshold", "per-step", "--episodes", "0", "--out", "s.csv", "--seed", "4"];
    let Command::Score(score) = command(&args) else { panic!("score") };
    let JobSpec::Score(spec) = score.job(Source::default()) else { panic!("score") };
    assert_eq!((spec.threshold, spec.policy.episodes, spec.seed), (crate::metrics::threshold::Kind::PerStep, 0, 4));
    assert_eq!(spec.out, Some("s.csv".into()));
    assert!(Cli::try_parse_from(["oodscope", "score", "d", "--threshold", "mine"]).is_err());
}

#[test]
fn the_options_of_coverage_reach_its_spec() {
    let args = ["coverage", "d", "--axes", "2", "0", "--bootstrap", "50", "--random", "r", "--k", "7", "--seed", "3"];
    let Command::Coverage(coverage) = command(&args) else { panic!("coverage") };
    let JobSpec::Cover(spec) = coverage.job(Source::default()) else { panic!("coverage") };
    let options = spec.options;
    assert_eq!((options.axes, options.bootstrap.draws, options.k), (Some((2, 0)), 50, 7));
    assert_eq!((options.bootstrap.seed, spec.policy.seed, spec.random), (3, 3, Some("r".into())));
    assert!(Cli::try_parse_from(["oodscope", "coverage", "d", "--axes", "2"]).is_err());
}

#[test]
fn a_dataset_without_a_sub_command_is_the_dashboard() {
    let cli = Cli::try_parse_from(["oodscope", "data.hdf5", "--theme", "light"]).expect("parses");
    assert!(cli.command.is_none());
    assert!(config::theme("pink").is_err_and(|fault| fault.to_string().contains("gruvbox")));
}
