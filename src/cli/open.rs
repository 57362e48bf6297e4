//! `oodscope open`: what was open, open again.

use std::path::PathBuf;

use clap::Args;

use super::dashboard::Opening;
use super::headless::{self, Status};
use super::{config, gate, on_terminal, report};
use crate::engine::job::FeatureSpec;
use crate::format;
use crate::ground::fault::Fault;
use crate::ground::url;
use crate::ui::session::Session;

use super::args::OutputArgs;

/// Options of `oodscope open`.
#[derive(Debug, Args)]
pub struct OpenArgs {
    /// Session that the dashboard saved (Ctrl-S)
    #[arg(value_name = "SESSION.toml")]
    session: PathBuf,
}

impl OpenArgs {
    /// Does it.
    pub fn run(&self) -> Status {
        match self.session().and_then(|session| self.shown(session)) {
            Ok(status) => status,
            Err(fault) => headless::complain(&fault),
        }
    }

    fn session(&self) -> Result<Session, Fault> {
        let path = &self.session;
        let text = std::fs::read_to_string(path).map_err(|e| Fault::at(path, format!("cannot be read: {e}")))?;
        Session::read(path, &text)
    }

    /// On a terminal the dashboard, elsewhere the report.
    fn shown(&self, session: Session) -> Result<Status, Fault> {
        let spec = session.open();
        if url::as_url(&spec.source.dataset).is_none() {
            // Said here, and not on a screen of empty panels.
            format::resolve(&spec.source.dataset)
                .map_err(|why| Fault::bad(format!("{why} (the dataset of {})", self.session.display())))?;
        }
        let output = OutputArgs { json: false, html: None, seed: session.seed };
        if !on_terminal(&output) {
            let gates = gate::GateArgs::default();
            return Ok(report::print((&spec.source, spec.propagation), &FeatureSpec::default(), &output, &gates));
        }
        let opening = Opening::with(spec, config::settled(session.theme.as_ref(), None)?);
        let (watch, runs) = (session.watch, session.runs.clone());
        Ok(Opening { watch, runs, session: Some(session), ..opening }.show())
    }
}
