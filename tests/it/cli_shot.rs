//! `oodscope shot`: pictures of the dashboard, and what it refuses.

use std::fs;
use std::path::Path;

use super::pictures::alike;
use crate::support::program::{Said, at, checkpoint, oodscope, pendulum, run, text};

/// A folder of its own, so that what is left behind is seen.
fn folder(name: &str) -> std::path::PathBuf {
    fs::create_dir_all(at(name)).unwrap();
    at(name)
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn one_screen_as_text_svg_and_png() {
    let folder = folder("shots");
    let shoot = |name: &str, more: &[&str]| {
        let out = folder.join(name);
        let args = ["shot", text(pendulum()), "--panel", "COVERAGE", "--size", "100x30", "-o", text(&out)];
        run(&[&args, more].concat()).good();
        fs::read(&out).unwrap()
    };
    let written = String::from_utf8(shoot("a.txt", &[])).unwrap();
    assert_eq!(written.lines().count(), 30, "{written}");
    for words in ["2 Coverage", "novelty threshold", "cos θ", "help"] {
        assert!(written.contains(words), "{words}: {written}");
    }
    let svg = String::from_utf8(shoot("a.svg", &[])).unwrap();
    assert!(svg.len() < 200_000, "{} bytes", svg.len());
    let parsed = roxmltree::Document::parse(&svg).unwrap();
    assert_eq!(parsed.root_element().attribute("viewBox"), Some("0 0 1200 720"));
    let mut runs: Vec<&str> =
        parsed.descendants().filter(|n| n.has_tag_name("text")).filter_map(|n| n.text()).collect();
    // Runs follow one another as the text does; a word may lie in two of them.
    let is_word = |c: char| {
        !c.is_whitespace() && !('\u{2500}'..='\u{259f}').contains(&c) && !('\u{2800}'..='\u{28ff}').contains(&c)
    };
    let letters = |text: &str| text.chars().filter(|c| is_word(*c)).collect::<String>();
    assert_eq!(letters(&runs.concat()), letters(&written), "every word, in order");
    runs.retain(|run| run.starts_with(' ') || run.ends_with(' ') || run.contains("  "));
    assert!(runs.is_empty(), "{runs:?}");

    let png = shoot("a.png", &["--theme", "light"]);
    let sides: Vec<u32> = png[16..24].chunks(4).map(|b| u32::from_be_bytes(b.try_into().unwrap())).collect();
    assert_eq!((sides, &png[1..4]), (vec![1200, 720], &b"PNG"[..]));
    // The same command gives the same bytes.
    assert!(svg.as_bytes() == shoot("b.svg", &[]) && png == shoot("b.png", &["--theme", "light"]));
    assert_ne!(svg.as_bytes(), shoot("c.svg", &["--theme", "safe"]));
}

#[test]
fn keys_are_pressed_before_the_picture_is_made() {
    let folder = folder("pressed");
    let shoot = |name: &str, more: &[&str]| {
        let out = folder.join(name);
        run(&[&["shot", text(pendulum()), "--size", "120x40", "-o", text(&out)], more].concat()).good();
        fs::read_to_string(&out).unwrap()
    };
    let plain = shoot("plain.txt", &[]);
    let help = shoot("help.txt", &["--keys", "?"]);
    assert!(help.contains("show a panel") && !plain.contains("show a panel"), "{help}");
    let few = shoot("few.txt", &["--panel", "1", "--keys", "/index <lt> 3<Enter>"]);
    assert!(few.contains("index < 3: 3 of 15") && few.contains("Episodes · index < 3"), "{few}");
    assert_eq!(shoot("quit.txt", &["--keys", "q2?"]), plain, "nothing is pressed after the key that quits");
}

#[test]
fn what_cannot_be_shown_is_one_sentence_and_leaves_nothing() {
    let folder = folder("refused");
    let out = folder.join("a.png");
    let refused = |args: &[&str]| run(&[&["shot", text(pendulum()), "-o", text(&out)], args].concat());
    refused(&["--keys", "2<Foo>"]).refuses(&["--keys", "<Foo>", "<S-Tab>", "<lt>"]);
    refused(&["--keys", "a < b"]).refuses(&["--keys", "<lt>"]);
    refused(&["--size", "20x5"]).refuses(&["--size 20x5", "60x16", "500x200"]);
    refused(&["--size", "wide"]).refuses(&["--size wide", "160x45"]);
    refused(&["--panel", "six"]).refuses(&["--panel six", "Data (1)", "Runs (6)"]);
    refused(&["--panel", "7"]).refuses(&["--panel 7"]);
    refused(&["--theme", "pink"]).refuses(&["pink", "dark", "gruvbox"]);
    refused(&["--panel", "data", "--keys", "/nonsense = 3<Enter>"]).refuses(&["nonsense"]);
    let at_path = |path: &str| run(&["shot", text(pendulum()), "-o", path]);
    at_path("a.gif").refuses(&["a.gif", ".svg, .png or .txt"]);
    at_path(text(&folder.join("no/such/a.svg"))).refuses(&["no/such/a.svg", "check that the folder exists"]);
    fs::create_dir_all(folder.join("taken.svg")).unwrap();
    at_path(text(&folder.join("taken.svg"))).refuses(&["taken.svg", "cannot be written"]);
    run(&["shot", text(&folder.join("none.hdf5")), "-o", text(&out)]).refuses(&["none.hdf5"]);
    assert_eq!(names(&folder), ["taken.svg"], "nothing is left behind");
}

#[test]
fn a_checkpoint_that_does_not_fit_is_left_out_and_the_picture_says_so() {
    let out = folder("left_out").join("a.txt");
    let other = crate::support::program::dataset(&[20; 6], |_| {});
    let other = crate::support::program::written("other_shape", &other);
    run(&["shot", text(&other), "--checkpoint", text(checkpoint()), "--panel", "coverage", "-o", text(&out)]).good();
    let written = fs::read_to_string(&out).unwrap();
    assert!(written.contains("✗") && written.contains("opened without what does not fit"), "{written}");
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_job_that_a_key_started_and_writes_no_picture() {
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};
    let folder = folder("interrupted-shot");
    let args = ["shot", text(pendulum()), "--checkpoint", text(checkpoint()), "--keys", "5t", "-o", "a.svg"];
    let child = oodscope(&args).current_dir(&folder).stderr(Stdio::piped()).spawn().unwrap();
    let patience = Instant::now() + Duration::from_mins(2);
    while !folder.join("runs").exists() {
        assert!(Instant::now() < patience, "the top-up never began");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let said = child.wait_with_output().map(Said::from).unwrap();
    assert_eq!((said.status, said.err.as_str()), (Some(130), "oodscope: cancelled\n"));
    assert_eq!(names(&folder), ["runs"], "no picture, and no half of one");
}

/// The command in the README that makes its picture, with another file to write.
fn command_of_the_readme() -> Vec<String> {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let line = readme.lines().find(|l| l.starts_with("oodscope shot") && l.contains("assets/dashboard.png"));
    let words: Vec<String> = line.expect("the command is there").split_whitespace().skip(1).map(String::from).collect();
    let split = words.iter().position(|w| w == "-o").expect("-o assets/dashboard.png is its end");
    assert!(words.len() == split + 2 && readme.contains("](assets/dashboard.png)"), "{words:?}");
    words[..split].to_vec()
}

/// The picture in the README is what its command makes: its twin `assets/dashboard.txt`, made by the same command, is held
/// against a fresh one. The PNG itself has every pixel that the CPU's last digits move.
#[test]
fn the_picture_in_the_readme_is_current() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (made, out) = (command_of_the_readme(), at("dashboard.txt"));
    let mut args: Vec<&str> = made.iter().map(String::as_str).collect();
    args.extend(["-o", text(&out)]);
    oodscope(&args).current_dir(root).output().map(Said::from).unwrap().good();
    let (kept, fresh) = (root.join("assets/dashboard.txt"), fs::read_to_string(&out).unwrap());
    let told = alike(&fs::read_to_string(&kept).unwrap(), &fresh);
    let command = made.join(" ");
    assert_eq!(
        told,
        Ok(()),
        "make assets/dashboard.png and assets/dashboard.txt anew, and look at the picture: oodscope {command} -o …\n{fresh}"
    );
    let png = fs::metadata(root.join("assets/dashboard.png")).unwrap().len();
    assert!(png < 300_000, "{png} bytes");
}
