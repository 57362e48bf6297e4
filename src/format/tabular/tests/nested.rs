//! Parquet whose row is an episode, and whose last rows hold no step.

use polars_core::prelude::{IntoColumn as _, NamedFrom as _, Series};

use super::*;
use crate::format::reader::tests::agree;

/// Steps of the episodes, one a row.
const STEPS: [usize; 4] = [3, 1, 4, 2];

/// A column of lists, one of `of(episode, step)` numbers a step; `more` observations beyond the steps.
fn steps(name: &str, more: usize, of: impl Fn(usize, usize) -> Vec<f64>) -> Column {
    let each = |(e, &n): (usize, &usize)| {
        let rows: Vec<Series> = (0..n + more).map(|t| Series::new("".into(), of(e, t))).collect();
        Series::new("".into(), rows)
    };
    Series::new(name.into(), STEPS.iter().enumerate().map(each).collect::<Vec<_>>()).into_column()
}

fn numbers_of(name: &str, of: impl Fn(usize, usize) -> f64) -> Column {
    let each = |(e, &n): (usize, &usize)| Series::new("".into(), (0..n).map(|t| of(e, t)).collect::<Vec<_>>());
    Series::new(name.into(), STEPS.iter().enumerate().map(each).collect::<Vec<_>>()).into_column()
}

fn flags_of(name: &str, of: impl Fn(usize, usize) -> bool) -> Column {
    let each = |(e, &n): (usize, &usize)| Series::new("".into(), (0..n).map(|t| of(e, t)).collect::<Vec<_>>());
    Series::new(name.into(), STEPS.iter().enumerate().map(each).collect::<Vec<_>>()).into_column()
}

fn episodes(more: usize) -> Vec<Column> {
    vec![
        steps("observations", more, |e, t| vec![e as f64, t as f64]),
        steps("actions", 0, |e, t| vec![(10 * e + t) as f64]),
        numbers_of("rewards", |e, t| (e + t) as f64),
        flags_of("dones", |e, t| e % 2 == 0 && t + 1 == STEPS[e]),
    ]
}

fn written(columns: Vec<Column>) -> (TempDir, std::path::PathBuf) {
    let dir = tempfile::tempdir().expect("temporary folder");
    let path = dir.path().join("x.parquet");
    write_parquet(&path, columns);
    (dir, path)
}

fn open_at(path: &Path) -> Result<Dataset, Fault> {
    opened(&Tabular, path, &Ctx::quiet())
}

#[test]
fn a_row_that_is_an_episode_is_read_as_one() {
    for more in [0, 1] {
        let (_dir, path) = written(episodes(more));
        let data = open_at(&path).expect("opens");
        assert_eq!(
            data.spans().iter().map(|s| (s.steps, s.obs_rows)).collect::<Vec<_>>(),
            STEPS.map(|n| (n, n + more))
        );
        assert_eq!(data.spans().iter().map(|s| s.terminated).collect::<Vec<_>>(), [true, false, true, false]);
        assert_eq!((data.obs_dim(), data.action_dim()), (2, 1));
        assert_eq!((data.episode(2).obs_at(3), data.episode(2).rewards[3]), (&[2.0, 3.0][..], 5.0));
        assert!(data.origin.rules[0].starts_with("a row is an episode"), "{:?}", data.origin.rules);
        agree(&data, &*Tabular.open(&Place::new(&path), &Ctx::quiet()).expect("opens"));
    }
}

#[test]
fn numbers_and_ends_of_a_whole_row_are_read_too() {
    let mut columns = episodes(0);
    columns.pop();
    columns.push(Column::new("terminated".into(), [true, true, false, false]));
    columns.push(Column::new("episode_id".into(), [7i64, 3, 9, 8]));
    let (_dir, path) = written(columns);
    let data = open_at(&path).expect("opens");
    let spans: Vec<_> = data.spans().iter().map(|s| (s.id, s.terminated)).collect();
    assert_eq!(spans, [(7, true), (3, true), (9, false), (8, false)]);
    agree(&data, &*Tabular.open(&Place::new(&path), &Ctx::quiet()).expect("opens"));
}

#[test]
fn lists_of_an_episode_that_do_not_fit_are_named() {
    let mut columns = episodes(0);
    let lengths: Vec<Series> = STEPS.map(|n| Series::new("".into(), vec![0.0; n + 2])).to_vec();
    columns[2] = Series::new("rewards".into(), lengths).into_column();
    let (_dir, path) = written(columns);
    let text = failure(open_at(&path));
    assert!(
        text.contains("row 0 is an episode, and 'actions' has 3 items where 'rewards' has 5")
            || text.contains("'observations' has 3 items"),
        "{text}"
    );
    // Lists of one number are numbers, and a step is a row.
    let columns = vec![
        lists("obs", &[0.0, 1.0, 2.0, 3.0], 2, false),
        lists("action", &[0.0, 1.0], 1, false),
        lists("reward", &[0.0, 1.0], 1, false),
    ];
    let (_dir, path) = written(columns);
    assert_eq!(open_at(&path).expect("opens").num_steps(), 2);
}

#[test]
fn last_rows_without_a_step_are_the_last_observations_in_parts_too() {
    // Three episodes of 2 steps and a last row each; actions are lists, of which that of the last row is null.
    let episode = [0i64, 0, 0, 1, 1, 1, 2, 2, 2];
    let action = |row: usize| (row % 3 != 2).then(|| Series::new("".into(), [row as f64, 0.5]));
    let actions: Vec<Option<Series>> = (0..9).map(action).collect();
    let rewards: Vec<Option<f64>> = (0..9).map(|row| (row % 3 != 2).then_some(1.0)).collect();
    let done: Vec<Option<bool>> = (0..9)
        .map(|row| {
            if row % 3 == 1 {
                Some(true)
            } else if row % 3 == 2 {
                None
            } else {
                Some(false)
            }
        })
        .collect();
    let columns = vec![
        Column::new("episode".into(), episode),
        Column::new("obs".into(), (0..9).map(f64::from).collect::<Vec<_>>()),
        Series::new("action".into(), actions).into_column(),
        Column::new("reward".into(), rewards),
        Column::new("done".into(), done),
    ];
    for without in [None, Some("episode"), Some("reward")] {
        let kept = columns.iter().filter(|c| without != Some(c.name().as_str())).cloned().collect();
        let (_dir, path) = written(kept);
        let data = open_at(&path).unwrap_or_else(|e| panic!("{without:?}: {e}"));
        assert_eq!(
            data.spans().iter().map(|s| (s.steps, s.obs_rows, s.terminated)).collect::<Vec<_>>(),
            [(2, 3, true); 3]
        );
        assert!(!data.origin.warnings.iter().any(|w| w.contains("NaN")), "{:?}", data.origin.warnings);
        for window in [1, 2, 3, 100] {
            let parts = table(&path).with_window(window);
            agree(&data, &parts);
            assert_eq!(parts.shape().width().extra, 1);
        }
    }
    // The last episode is cut off: the others lose what is no step.
    let cut: Vec<Column> = columns.iter().map(|c| c.slice(0, 8)).collect();
    let (_dir, path) = written(cut);
    let data = open_at(&path).expect("opens");
    assert_eq!(data.spans().iter().map(|s| (s.steps, s.obs_rows)).collect::<Vec<_>>(), [(2, 2); 3]);
    assert!(
        data.origin.warnings.iter().any(|w| w.contains("the last row of 2 of 3 episodes")),
        "{:?}",
        data.origin.warnings
    );
    for window in [1, 2, 3, 100] {
        agree(&data, &table(&path).with_window(window));
    }
}
