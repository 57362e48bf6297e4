//! The program in a real terminal: it opens, answers keys, survives faults, and leaves the terminal as it was.

use std::io::{Read, Write};
use std::num::NonZero;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use crate::support::program::{checkpoint, pendulum, scratch, text};

const PATIENCE: Duration = Duration::from_mins(1);

/// The program behind a terminal of our own, with the screen that a person would see.
struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    screen: Arc<Mutex<vt100::Parser>>,
    /// Everything that it wrote.
    bytes: Arc<Mutex<Vec<u8>>>,
}

fn cells(n: u16) -> NonZero<u16> {
    NonZero::new(n).expect("a terminal has cells")
}

impl Terminal {
    fn open(size: (u16, u16), args: &[&str], vars: &[(&str, &str)]) -> Self {
        let (cols, rows) = size;
        let pair = native_pty_system().openpty(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_oodscope"));
        command.args(args);
        command.cwd(scratch());
        command.env("OODSCOPE_LOG", scratch().join("pty-log"));
        command.env("OODSCOPE_STATE", scratch().join("pty-state"));
        command.env("TERM", "xterm-256color");
        command.env("COLORTERM", "truecolor");
        command.env("LANG", "C.UTF-8");
        command.env_remove("NO_COLOR");
        command.env_remove("LC_ALL");
        for (name, value) in vars {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let screen = Arc::new(Mutex::new(vt100::Parser::new(cells(rows), cells(cols), 0)));
        let mut reader = pair.master.try_clone_reader().unwrap();
        let seen = Arc::clone(&screen);
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let written = Arc::clone(&bytes);
        std::thread::spawn(move || {
            let mut some = [0; 8192];
            while let Ok(n @ 1..) = reader.read(&mut some) {
                seen.lock().unwrap().process(&some[..n]);
                written.lock().unwrap().extend_from_slice(&some[..n]);
            }
        });
        let keys = pair.master.take_writer().unwrap();
        Self { child, master: pair.master, keys, screen, bytes }
    }

    fn dashboard(vars: &[(&str, &str)]) -> Self {
        Self::open((120, 40), &[text(pendulum()), "--checkpoint", text(checkpoint())], vars)
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    fn text(&self) -> String {
        self.screen.lock().unwrap().screen().contents()
    }

    /// Waits until the screen shows `words`.
    fn shows(&self, words: &str) {
        let end = Instant::now() + PATIENCE;
        while !self.text().contains(words) {
            assert!(Instant::now() < end, "'{words}' never came:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// What was written since the last call, once nothing more has come for two seconds.
    fn written(&self) -> String {
        let end = Instant::now() + PATIENCE;
        let mut before = usize::MAX;
        loop {
            let now = self.bytes.lock().unwrap().len();
            if now == before {
                return String::from_utf8_lossy(&std::mem::take(&mut *self.bytes.lock().unwrap())).into_owned();
            }
            assert!(Instant::now() < end, "it never rests:\n{}", self.text());
            before = now;
            std::thread::sleep(Duration::from_secs(2));
        }
    }

    fn resize(&self, (cols, rows): (u16, u16)) {
        self.screen.lock().unwrap().screen_mut().set_size(cells(rows), cells(cols));
        self.master.resize(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }).unwrap();
    }

    /// Waits for the end and checks that the terminal is as it was found.
    fn ends_clean(mut self, status: u32) {
        let end = Instant::now() + PATIENCE;
        let ended = loop {
            if let Some(ended) = self.child.try_wait().unwrap() {
                break ended;
            }
            if Instant::now() > end {
                self.child.kill().unwrap();
                panic!("it never ended:\n{}", self.text());
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        // The last bytes are on their way.
        std::thread::sleep(Duration::from_millis(200));
        assert_eq!(ended.exit_code(), status, "{}", self.text());
        let parser = self.screen.lock().unwrap();
        let screen = parser.screen();
        assert!(!screen.alternate_screen(), "the alternate screen is left");
        assert!(!screen.hide_cursor(), "the cursor is shown");
        assert!(!screen.bracketed_paste(), "pasting is plain");
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None, "the mouse is free");
        assert!(!screen.contents().contains("panicked"), "{}", screen.contents());
    }
}

#[test]
fn every_panel_opens_by_its_key_and_q_leaves_a_clean_terminal() {
    let mut t = Terminal::dashboard(&[]);
    t.shows("pendulum/narrow-v0");
    t.shows("15 episodes");
    for (key, words) in [
        ("2", "novelty threshold"),
        ("3", "Error by horizon"),
        ("4", "Episodes, worst first"),
        ("5", "adaptive"),
        ("1", "mean return"),
    ] {
        t.press(key);
        t.shows(words);
    }
    t.press("?");
    t.shows("zoom");
    t.press("\x1b");
    t.press("q");
    t.ends_clean(0);
}

#[test]
fn a_resize_redraws_and_a_terminal_too_small_says_what_it_needs() {
    let mut t = Terminal::dashboard(&[]);
    t.shows("15 episodes");
    t.resize((200, 60));
    t.shows("pendulum/narrow-v0");
    t.resize((40, 10));
    t.shows("60");
    t.resize((80, 24));
    t.shows("pendulum/narrow-v0");
    t.press("q");
    t.ends_clean(0);
    let mut tiny = Terminal::open((30, 8), &[text(pendulum())], &[]);
    tiny.shows("60");
    tiny.press("q");
    tiny.ends_clean(0);
}

#[test]
fn a_panic_of_a_worker_is_a_message_and_the_dashboard_goes_on() {
    if !cfg!(debug_assertions) {
        return;
    }
    let mut t = Terminal::dashboard(&[("OODSCOPE_PANIC_IN", "cover")]);
    t.shows("fault of oodscope");
    // The message bar may take the first key.
    t.press("\x1b");
    t.press("1");
    t.shows("mean return");
    t.press("q");
    t.ends_clean(0);
    let log = std::fs::read_to_string(scratch().join("pty-log")).unwrap();
    assert!(log.contains("asked for in coverage"), "the log has the details");
}

#[test]
fn a_file_that_is_not_there_is_a_message_on_the_screen() {
    let mut t = Terminal::open((100, 30), &["nowhere.hdf5"], &[]);
    t.shows("no such file");
    t.press("\x1b");
    t.press("q");
    t.ends_clean(0);
}

#[test]
fn a_top_up_is_started_paused_and_stopped_by_keys() {
    let mut t = Terminal::dashboard(&[]);
    t.shows("15 episodes");
    t.press("5");
    t.shows("adaptive");
    t.press("t");
    t.shows("check 1");
    t.press("p");
    t.shows("paused");
    t.press("p");
    t.press("x");
    t.press("q");
    t.ends_clean(0);
}

#[cfg(unix)]
#[test]
fn ctrl_c_and_a_kill_give_the_terminal_back() {
    let mut t = Terminal::dashboard(&[]);
    t.shows("15 episodes");
    t.press("\x03");
    t.ends_clean(130);
    // 128 and the number of the signal.
    for (signal, status) in [("-INT", 130), ("-TERM", 143), ("-HUP", 129)] {
        let t = Terminal::dashboard(&[]);
        t.shows("15 episodes");
        let pid = t.child.process_id().unwrap().to_string();
        assert!(std::process::Command::new("kill").args([signal, &pid]).status().unwrap().success());
        t.ends_clean(status);
    }
}

/// In the locale of C every sign has a letter, every name its spelling, and every shade its place in a ramp.
#[test]
fn the_locale_of_c_gets_ascii_without_question_marks() {
    let mut t = Terminal::open(
        (120, 40),
        &[text(pendulum()), "--checkpoint", text(checkpoint())],
        &[("LANG", "C"), ("TERM", "xterm"), ("COLORTERM", "")],
    );
    t.shows("15 episodes");
    for (key, words) in [("1", "theta"), ("2", "Training states"), ("4", "Episodes, worst first")] {
        t.press(key);
        t.shows(words);
        let screen = t.text();
        // The footer names the key of the help.
        let body: String = screen.lines().take(38).collect::<Vec<_>>().join("\n");
        assert!(screen.is_ascii() && !body.contains('?'), "{screen}");
    }
    t.press("q");
    t.ends_clean(0);
}

#[test]
fn a_log_that_another_program_writes_is_followed_with_its_last_line_half_written() {
    let folder = scratch().join("others");
    std::fs::create_dir_all(folder.join("a")).unwrap();
    let log = folder.join("a/metrics.jsonl");
    let append = |bytes: &str| {
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(&log).unwrap();
        file.write_all(bytes.as_bytes()).unwrap();
    };
    append("{\"step\": 1, \"reward\": 2.5}\n{\"step\": 2, \"rew");
    let mut t = Terminal::open((160, 45), &[text(pendulum()), "--watch", "--runs", text(&folder)], &[]);
    t.shows("15 episodes");
    t.press("6");
    t.shows("1 run");
    append("ard\": 3.5}\n{\"step\": 777, \"reward\": 4.5}\n{");
    let begun = Instant::now();
    t.shows("777");
    assert!(begun.elapsed() < Duration::from_secs(10), "within two seconds on a quiet machine");
    assert!(!t.text().contains("damaged"), "{}", t.text());
    t.press("q");
    t.ends_clean(0);
}

#[test]
fn sizes_and_a_session_are_there_at_the_next_start() {
    let state = scratch().join("kept-state");
    let vars = [("OODSCOPE_STATE", text(&state))];
    let mut t = Terminal::open((120, 40), &[text(pendulum()), "--checkpoint", text(checkpoint())], &vars);
    t.shows("15 episodes");
    t.press("2");
    t.shows("novelty threshold");
    t.press(">>");
    t.press("\x13");
    t.shows("oodscope-session.toml");
    t.press("\x1b");
    t.press("q");
    t.ends_clean(0);
    let kept = std::fs::read_to_string(state.join("dashboard.toml")).unwrap();
    assert!(kept.contains("[sizes.coverage"), "{kept}");
    let session = scratch().join("oodscope-session.toml");
    let mut t = Terminal::open((120, 40), &["open", text(&session)], &vars);
    t.shows("novelty threshold");
    t.press("q");
    t.ends_clean(0);
}

/// Pictures that were sent and deleted.
fn pictures(written: &str) -> (usize, usize) {
    (written.matches("\x1b_Ga=T").count(), written.matches("\x1b_Ga=d").count())
}

#[test]
fn a_map_in_pixels_is_sent_once_and_leaves_with_its_panel() {
    let mut t = Terminal::open(
        (120, 40),
        &[text(pendulum()), "--checkpoint", text(checkpoint()), "--pixels", "kitty"],
        &[("TMUX", "")],
    );
    t.shows("15 episodes");
    let opening = t.written();
    assert_eq!(pictures(&opening), (0, 0), "no map is on the first panel");
    assert!(!opening.contains("\x1b[c") && !opening.contains("\x1b[6n"), "nothing is asked of the terminal");
    t.press("2");
    t.shows("Training states");
    let (sent, deleted) = pictures(&t.written());
    assert_eq!((sent, deleted), (1, 0));
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(t.bytes.lock().unwrap().len(), 0, "nothing where nothing changes");
    t.press("?");
    assert_eq!(pictures(&t.written()), (0, 1), "it does not hide the help");
    t.press("\x1b");
    assert_eq!(pictures(&t.written()), (1, 0));
    t.resize((160, 45));
    let (sent, deleted) = pictures(&t.written());
    assert!(sent == 1 && deleted >= 1, "{sent} {deleted}");
    t.press("1");
    assert_eq!(pictures(&t.written()), (0, 1));
    t.press("2");
    assert_eq!(pictures(&t.written()).0, 1);
    t.press("q");
    let bytes = Arc::clone(&t.bytes);
    t.ends_clean(0);
    assert_eq!(pictures(&String::from_utf8_lossy(&bytes.lock().unwrap())).1, 1, "none is left behind");
}

#[test]
fn without_the_option_there_are_no_pictures_and_a_wrong_one_is_named() {
    let mut t = Terminal::dashboard(&[]);
    t.shows("15 episodes");
    t.press("2");
    t.shows("Training states");
    let written = t.written();
    assert!(!written.contains("\x1b_G") && !written.contains("\x1b]1337") && !written.contains("\x1bP"));
    t.press("q");
    t.ends_clean(0);
    let wrong = Terminal::open((120, 40), &[text(pendulum()), "--pixels", "vga"], &[]);
    wrong.shows("choose one of off, kitty, iterm2, sixel");
    wrong.ends_clean(2);
}
