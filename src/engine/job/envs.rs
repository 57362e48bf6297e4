use super::{Emit, Job, Slot};
use crate::engine::event::Outcome;
use crate::engine::spec::EnvsSpec;
use crate::engine::workspace::Workspace;
use crate::env::builtin::ENVIRONMENTS;
use crate::env::gymnasium::Options;
use crate::env::gymnasium::python::Launch;
use crate::env::gymnasium::tasks::{tasks, try_each};
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;
use crate::metrics::report::{Cell, Level, Report, Table};

/// Steps that are taken in each task to see that it works.
const STEPS: usize = 50;

/// Lists the environments that can be acted in: the program's own, and of the paper's tasks those that a Python can make.
pub(super) struct Envs;

impl Job for Envs {
    type Spec = EnvsSpec;
    type Input = ();
    const NAME: &'static str = "environments";
    const SLOT: Slot = Slot::Evaluate;

    fn open(_: &EnvsSpec, _: &Workspace, _: &Ctx, _: Emit<'_>) -> Result<(), Fault> {
        Ok(())
    }

    fn run(spec: &EnvsSpec, (): (), cx: &Ctx, emit: Emit<'_>) -> Result<Outcome, Fault> {
        let asked = &spec.acting;
        let options = Options {
            python: asked.python.clone(),
            worker_command: asked.worker_command.clone(),
            imports: asked.env_import.clone(),
            ..Options::new("")
        };
        let mut rows = built_in();
        let launch = Launch::new(options.python.as_deref(), options.worker_command.as_deref());
        emit(report(&rows, &launch.chosen));
        let phase = cx.phase("trying the tasks in Python");
        let tried = try_each(&tasks(), STEPS, &options, &phase, |task, went| {
            let id = task.id.clone().unwrap_or_else(|| "-".into());
            let state = went.map_or_else(|why| why, |()| "can be acted in".into());
            rows.push([task.name.clone(), id, task.kind.into(), state].map(Cell::from).to_vec());
            emit(report(&rows, &launch.chosen));
        });
        // The program's own need no Python.
        let named = asked.python.is_some() || asked.worker_command.is_some();
        match tried {
            Err(Fault::Bad(why)) if !named => {
                let mut report = report(&rows, &launch.chosen);
                report.note(Level::Warn, why);
                emit(report);
            }
            tried => tried?,
        }
        Ok(Outcome::default())
    }
}

fn built_in() -> Vec<Vec<Cell>> {
    let row = |entry: &crate::env::builtin::Builtin| {
        let scripts = entry.behaviours.iter().map(|script| script.name).collect::<Vec<_>>().join(", ");
        let state = format!("built in; collect --policy {scripts}");
        ["-".to_owned(), entry.id.to_owned(), "proprio".to_owned(), state].map(Cell::from).to_vec()
    };
    ENVIRONMENTS.iter().map(row).collect()
}

fn report(rows: &[Vec<Cell>], python: &str) -> Report {
    let mut report = Report::new("envs", "Environments");
    report.note(
        Level::Info,
        format!("Gymnasium's are tried with {python}; any other id of its registry can be named with --env"),
    );
    report.tables.push(Table {
        key: "envs".into(),
        label: "Environments".into(),
        columns: ["task", "--env", "observations", "state"].map(String::from).to_vec(),
        rows: rows.to_vec(),
    });
    report
}
