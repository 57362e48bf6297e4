//! Which Python the workers run in, and how it is started.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The worker's program.
const WORKER: &str = include_str!("../../../assets/worker.py");

/// How a worker is started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launch {
    /// Program and arguments.
    pub command: Vec<OsString>,
    /// What is written to its input before it says that it is ready: its program, unless it has that already.
    pub source: &'static str,
    /// Which one it is and why, as a sentence for people.
    pub chosen: String,
}

impl Launch {
    /// With the Python that is named, else that of the active virtual or conda environment, of a `.venv` here, else of the
    /// path. `command` starts a worker somewhere else instead ("ssh host python -u -"): where its last word is `-`, the
    /// program is sent; otherwise it must run `worker.py` itself.
    pub fn new(python: Option<&Path>, command: Option<&str>) -> Self {
        match command {
            Some(command) => Self::named(command),
            None => Self::local(python, |name| env::var_os(name), Path::exists),
        }
    }

    fn local(
        python: Option<&Path>,
        variable: impl Fn(&str) -> Option<OsString>,
        exists: impl Fn(&Path) -> bool,
    ) -> Self {
        let inside = if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" };
        // Conda keeps it at the top there.
        let of_conda = if cfg!(windows) { "python.exe" } else { inside };
        let of = |name: &str, inside: &str| variable(name).map(|root| PathBuf::from(root).join(inside));
        let candidates = [
            (of("VIRTUAL_ENV", inside), "of the active virtual environment ($VIRTUAL_ENV)"),
            (of("CONDA_PREFIX", of_conda), "of the active conda environment ($CONDA_PREFIX)"),
            (Some(Path::new(".venv").join(inside)), "of the virtual environment here (.venv)"),
        ];
        let found = candidates.into_iter().find_map(|(path, why)| Some((path.filter(|p| exists(p))?, why)));
        let (python, why) = match (python, found) {
            (Some(python), _) => (python.to_owned(), "named with --python"),
            (None, Some(found)) => found,
            (None, None) => (PathBuf::from(if cfg!(windows) { "python" } else { "python3" }), "the first of the path"),
        };
        let chosen = format!("{}, {why}", python.display());
        let command = vec![python.into_os_string(), "-u".into(), "-c".into(), bootstrap().into()];
        Self { command, source: WORKER, chosen }
    }

    fn named(command: &str) -> Self {
        let mut words = words(command);
        let chosen = format!("'{command}', named with --worker-command");
        let sent = words.last().is_some_and(|word| word == "-");
        if sent {
            words.pop();
            // What ssh starts is read by one more shell.
            let remote =
                words.first().is_some_and(|first| Path::new(first).file_stem().is_some_and(|name| name == "ssh"));
            words.extend(["-c".into(), if remote { format!("'{}'", bootstrap()) } else { bootstrap() }]);
        }
        let command = words.into_iter().map(OsString::from).collect();
        Self { command, source: if sent { WORKER } else { "" }, chosen }
    }
}

/// The line of Python that reads the program from its input. Free of single quotes, see [`Launch::named`].
fn bootstrap() -> String {
    let length = WORKER.len();
    format!("import sys;exec(compile(sys.stdin.buffer.read({length}),\"worker.py\",\"exec\"))")
}

/// The words of a command; quotes hold one together.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in command.chars() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn the_nearest_python_is_chosen_and_the_reason_told() {
        let chosen = |python: Option<&str>, set: &[&str], there: &[&str]| {
            let variable = |name: &str| set.contains(&name).then(|| OsString::from(format!("/{name}")));
            let exists = |path: &Path| there.iter().any(|t| path == Path::new(t));
            Launch::local(python.map(Path::new), variable, exists).chosen
        };
        let (venv, conda, uv) = ("/VIRTUAL_ENV/bin/python", "/CONDA_PREFIX/bin/python", ".venv/bin/python");
        let both = ["VIRTUAL_ENV", "CONDA_PREFIX"];
        assert_eq!(chosen(Some("/x/py"), &both, &[venv]), "/x/py, named with --python");
        assert!(chosen(None, &both, &[venv, conda, uv]).starts_with(venv));
        assert!(chosen(None, &both, &[conda, uv]).starts_with(conda));
        assert!(chosen(None, &["VIRTUAL_ENV"], &[uv]).contains("(.venv)"));
        assert_eq!(chosen(None, &[], &[]), "python3, the first of the path");
    }

    #[test]
    fn a_command_of_ones_own_is_sent_the_program_only_where_it_asks() {
        let own = Launch::new(None, Some("docker exec -i 'my box' python -u worker.py"));
        assert_eq!((own.command.len(), own.source), (7, ""));
        assert_eq!(own.command[3], "my box");
        let sent = Launch::new(None, Some("python3 -u -"));
        assert_eq!((sent.command.len(), sent.source), (4, WORKER));
        assert!(!bootstrap().contains('\''));
        let remote = Launch::new(None, Some("ssh host python -u -"));
        assert!(remote.command.last().is_some_and(|last| last.to_string_lossy().starts_with('\'')));
    }
}
