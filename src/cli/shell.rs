//! What shells and `man` want to know: completions and manual pages, made from the same description as the parser.

use std::io::{self, Write};

use clap::{Args, Command};
use clap_complete::Shell;
use clap_mangen::Man;

use super::headless::{self, Status};
use crate::ground::fault::Fault;

/// Which shell.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell that is to complete the program's options
    shell: Shell,
}

/// Which page.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// The sub-command whose page is wanted; the program's own if none is named
    command: Option<String>,
}

impl CompletionsArgs {
    /// Prints the shell's script.
    pub fn run(&self, mut program: Command) -> Status {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut program, "oodscope", &mut script);
        print(&script)
    }
}

impl ManArgs {
    /// Prints the page as roff.
    pub fn run(&self, program: Command) -> Status {
        match page(program, self.command.as_deref()) {
            Ok(page) => print(&page),
            Err(fault) => headless::complain(&fault),
        }
    }
}

fn page(mut program: Command, name: Option<&str>) -> Result<Vec<u8>, Fault> {
    program.build();
    let command = match name {
        None => program,
        Some(name) => {
            let found = program.find_subcommand(name).cloned();
            let found =
                found.ok_or_else(|| Fault::bad(format!("there is no sub-command {name}; see oodscope --help")))?;
            // `oodscope topup` on the page itself, `oodscope-topup` as its title.
            let title = format!("oodscope-{name}");
            found.display_name(title)
        }
    };
    let mut page = Vec::new();
    let source = concat!("oodscope ", env!("CARGO_PKG_VERSION"));
    Man::new(command)
        .source(source)
        .render(&mut page)
        .map_err(|e| Fault::failed(format!("the page cannot be made: {e}")))?;
    Ok(page)
}

/// A reader that has seen enough (`| head`) is no fault.
fn print(bytes: &[u8]) -> Status {
    match io::stdout().write_all(bytes) {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => {
            headless::complain(&Fault::failed(format!("nothing can be printed: {e}")))
        }
        _ => Status::Good,
    }
}
