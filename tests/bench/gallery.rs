//! The dashboard over made-up reports: `cargo run --example gallery -- [dark|light|safe] [empty|live]`.
//!
//! `live` plays a top-up; `empty` shows the panels before anything is known; `fail` a job that ends badly.

#[path = "../it/ui_fixture.rs"]
mod fixture;

use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;

use oodscope::engine::job::{Body, Control, Event, Failure, JobId, JobSpec, Outcome};
use oodscope::ground::task::Progress;
use oodscope::metrics::report::Report;
use oodscope::ui::app::OpenSpec;
use oodscope::ui::door::EngineDoor;
use oodscope::ui::terminal::run;
use oodscope::ui::theme::{Scheme, Theme};
use oodscope::ui::update::begin;

struct Player {
    events: SyncSender<Event>,
    next: u64,
    mode: String,
}

impl EngineDoor for Player {
    fn start(&mut self, spec: JobSpec) -> JobId {
        self.next += 1;
        let job = JobId(self.next);
        let (events, mode) = (self.events.clone(), self.mode.clone());
        std::thread::spawn(move || {
            let say = |body| events.send(Event { job, body }).is_ok();
            if mode == "empty" {
                let progress =
                    Progress { phase: "reading observations".into(), done: 43, total: 100, ..Progress::default() };
                say(Body::Progress(progress));
                return;
            }
            if mode == "fail" {
                let message = "datasets/pendulum/main_data.hdf5: no key 'observations'; this looks like robomimic, name it with --format robomimic".into();
                say(Body::Failed(Failure { message, panicked: false }));
                return;
            }
            if mode == "live" && matches!(spec, JobSpec::TopUp(_)) {
                for check in 1..=12 {
                    say(Body::Report(Arc::new(fixture::topup(check))));
                    for i in 0..10 {
                        say(Body::Progress(Progress {
                            phase: format!("fine-tuning after check {check}"),
                            done: i,
                            total: 10,
                            whole: Some(check as f64 / 12.0),
                        }));
                        std::thread::sleep(Duration::from_millis(60));
                    }
                }
            }
            say(Body::Report(Arc::new(report(&spec))));
            say(Body::Done(Outcome { summary: format!("{} done", spec.name()), written: vec![] }));
        });
        job
    }

    fn control(&mut self, job: JobId, control: Control) {
        if control == Control::Stop {
            let _ = self.events.send(Event { job, body: Body::Cancelled });
        }
    }
}

fn report(spec: &JobSpec) -> Report {
    match spec {
        JobSpec::Load(_)
        | JobSpec::Choose(_)
        | JobSpec::Export(_)
        | JobSpec::Save(_)
        | JobSpec::Reopen(_)
        | JobSpec::Scan(_)
        | JobSpec::Inspect(_)
        | JobSpec::Envs(_)
        | JobSpec::Episodes(_)
        | JobSpec::Convert(_)
        | JobSpec::Collect(_)
        | JobSpec::Fit(_)
        | JobSpec::Active(_)
        | JobSpec::Trace(_)
        | JobSpec::Experiment(_) => fixture::data(),
        JobSpec::Runs(_) => fixture::runs(),
        JobSpec::Audit(_) => fixture::audit(),
        JobSpec::Cover(_) | JobSpec::Compare(_) => fixture::coverage_to_explore(),
        JobSpec::Map(_) => Report { name: "map".into(), pairs: None, ..fixture::coverage_to_explore() },
        JobSpec::Imagine(_) => fixture::imagination(),
        JobSpec::Diagnose(_) | JobSpec::Score(_) => fixture::diagnosis(),
        JobSpec::TopUp(_) => fixture::topup(12),
    }
}

fn main() -> std::io::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let scheme = words.iter().find_map(|w| Scheme::named(w));
    let mode = words.iter().find(|w| Scheme::named(w).is_none()).cloned().unwrap_or_default();
    let theme = Theme::detect(scheme, &|name| std::env::var(name).ok());
    let (events, news) = sync_channel(256);
    let checkpoint = mode != "bare";
    let (mut app, opening) = begin(OpenSpec::new(fixture::source(checkpoint), 0), theme);
    run(&mut Player { events, next: 0, mode }, news, None, (&mut app, opening)).map(|_| ())
}
