//! What a cell's folder says of the run in it, for whoever has no plan at hand.

use std::path::Path;

use super::result::RESULT;
use super::standing::failure;
use crate::topup::runs::State;

/// What became of the run in `run`, and how that is known, where it is a cell's and the cell says it.
pub fn state(run: &Path) -> Option<(State, String)> {
    let cell = run.parent().filter(|cell| cell.join("cell.toml").is_file())?;
    if cell.join(RESULT).is_file() {
        return Some((State::Ended, "the cell's result is there".into()));
    }
    failure(cell).map(|failure| (State::Failed, failure.why))
}

#[cfg(test)]
mod tests {
    use super::super::standing::FAILED;
    use super::*;

    #[test]
    fn a_cell_says_how_its_run_ended() {
        let root = tempfile::tempdir().unwrap();
        let run = root.path().join("run");
        assert_eq!(state(&run), None, "no cell's");
        let put = |name: &str, text: &str| std::fs::write(root.path().join(name), text).unwrap();
        put("cell.toml", "cell = \"p/active/s0\"\n");
        assert_eq!(state(&run), None);
        put(FAILED, "why = \"no room\"\ntoken = 1\n");
        assert_eq!(state(&run), Some((State::Failed, "no room".into())));
        put(RESULT, "{}");
        assert_eq!(state(&run).unwrap().0, State::Ended);
    }
}
