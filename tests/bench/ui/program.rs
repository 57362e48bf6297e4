//! The program in a pty: from a key to its picture, bytes and processor time, and what leaves the screen.

use std::fs;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, PtyPair, PtySize, native_pty_system};

use super::told;

const ROUNDS: usize = 200;
const ROWS: NonZeroU16 = NonZeroU16::new(60).expect("not zero");
const COLUMNS: NonZeroU16 = NonZeroU16::new(200).expect("not zero");
const SIZE: PtySize = PtySize { rows: ROWS.get(), cols: COLUMNS.get(), pixel_width: 0, pixel_height: 0 };
const PROGRAM: &str = env!("CARGO_BIN_EXE_oodscope");
const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// What was read at once, and when: taking it in here takes longer than the program needs to draw it.
type Arrived = (Instant, Vec<u8>);

struct Screen {
    parser: vt100::Parser,
    bytes: Receiver<Arrived>,
    keys: Box<dyn Write + Send>,
}

impl Screen {
    /// Waits until `text` shows: when what completes it had arrived; nothing after `limit`.
    fn until(&mut self, text: &str, limit: Duration) -> Option<Instant> {
        self.when(limit, |screen| screen.parser.screen().contents().contains(text))
    }

    /// Waits until `shows`: when what completes it had arrived; nothing after `limit`.
    fn when(&mut self, limit: Duration, shows: impl Fn(&Self) -> bool) -> Option<Instant> {
        let began = Instant::now();
        let mut last = began;
        while !shows(self) {
            let (at, bytes) = self.bytes.recv_timeout(limit.checked_sub(began.elapsed())?).ok()?;
            self.parser.process(&bytes);
            last = at;
        }
        Some(last)
    }

    fn press(&mut self, key: &str) {
        let written = self.keys.write_all(key.as_bytes()).and_then(|()| self.keys.flush());
        assert!(written.is_ok(), "the program takes keys");
    }

    /// Shows the first page of the coverage; its own number, pressed on it, would turn the page.
    fn map(&mut self) {
        for key in ["1", "2"] {
            self.press(key);
            std::thread::sleep(Duration::from_millis(500));
        }
    }

    /// Takes in what has come; how many bytes.
    fn catch_up(&mut self) -> usize {
        let mut n = 0;
        while let Ok((_, bytes)) = self.bytes.try_recv() {
            n += bytes.len();
            self.parser.process(&bytes);
        }
        n
    }

    /// The line in which the cursor of the map tells of its cell.
    fn told(&self) -> Option<String> {
        self.parser
            .screen()
            .contents()
            .lines()
            .find(|line| line.contains("states in the cell") && !line.contains("· log"))
            .map(str::to_owned)
    }

    /// Milliseconds from a key to the picture in which the cursor on the map of the coverage tells of another cell.
    fn cursor(&mut self) -> Vec<f64> {
        let mut times = Vec::new();
        for i in 0..ROUNDS {
            self.catch_up();
            let (before, began) = (self.told(), Instant::now());
            self.press(if i / 10 % 2 == 0 { "l" } else { "h" });
            match self.when(Duration::from_secs(2), |screen| screen.told() != before) {
                Some(at) => times.push((at - began).as_secs_f64() * 1e3),
                None => println!("the cursor's cell did not change within 2 s: {before:?}"),
            }
            std::thread::sleep(Duration::from_millis(40));
        }
        times
    }

    /// Milliseconds from a key to the whole picture of another panel.
    fn panels(&mut self) -> Vec<f64> {
        let panels = [("1", "Return of an episode"), ("2", "Novelty of held-out")];
        let mut times = Vec::new();
        for i in 0..ROUNDS {
            let (key, text) = panels[i % 2];
            // What is left of earlier pictures must not pass for the answer.
            self.catch_up();
            if self.parser.screen().contents().contains(text) {
                continue;
            }
            let began = Instant::now();
            self.press(key);
            match self.until(text, Duration::from_secs(2)) {
                Some(at) => times.push((at - began).as_secs_f64() * 1e3),
                None => println!("panel {key} did not show within 2 s"),
            }
            std::thread::sleep(Duration::from_millis(40));
        }
        times
    }

    /// Milliseconds from a key to its coming back from a program that does nothing else.
    fn echoes(&mut self) -> Vec<f64> {
        let mut times = Vec::new();
        for _ in 0..ROUNDS {
            self.catch_up();
            let began = Instant::now();
            self.press("x");
            if let Ok((at, _)) = self.bytes.recv_timeout(Duration::from_secs(2)) {
                times.push((at - began).as_secs_f64() * 1e3);
            }
            std::thread::sleep(Duration::from_millis(40));
        }
        times
    }

    /// Bytes a second over `time`, and processor seconds of process `id` in it.
    fn cost(&mut self, what: &str, id: Option<u32>, time: Duration) {
        self.catch_up();
        let before = id.and_then(cpu);
        std::thread::sleep(time);
        let bytes = self.catch_up();
        let used = id.and_then(cpu).zip(before).map_or(f64::NAN, |(now, then)| now - then);
        let seconds = time.as_secs_f64();
        println!(
            "{what:<64} {:>8.1} bytes a second, {:.2} % of a core",
            bytes as f64 / seconds,
            100.0 * used / seconds
        );
    }
}

/// Processor seconds of a process so far, where the system tells.
fn cpu(id: u32) -> Option<f64> {
    let text = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let fields: Vec<&str> = text.rsplit_once(") ")?.1.split_whitespace().collect();
    // User and system time, in hundredths of a second.
    Some((fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?) / 100.0)
}

/// Runs the program to its end; how long that took.
fn run(args: &[&str], folder: &Path) -> f64 {
    let began = Instant::now();
    let out = Command::new(PROGRAM).args(args).current_dir(folder).output().expect("the program runs");
    assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
    began.elapsed().as_secs_f64() * 1e3
}

/// All measurements of the program.
pub fn all() {
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let folder = scratch.path();
    let (demo, model) = (format!("{ROOT}/datasets/pendulum/narrow-v0"), format!("{ROOT}/assets/pendulum-narrow"));
    // A million states: 5,000 episodes of 200 steps.
    run(&["collect", "--env", "Pendulum-v1", "--policy", "mixed", "--episodes", "5000", "--out", "million"], folder);
    let Program { mut child, mut screen, _pty } = opened(&["million", "--checkpoint", &model], folder);
    let id = child.process_id();
    screen.until("Return of an episode", Duration::from_mins(1)).expect("the data panel shows");
    // Everything is measured first.
    std::thread::sleep(Duration::from_mins(1));
    screen.cost("idle, a million states", id, Duration::from_secs(10));
    // What of it is the machine's and the terminal's own.
    let echo = || {
        let Program { mut child, mut screen, _pty } =
            started("sh", &["-c", "stty raw -echo; echo on; exec cat"], folder);
        screen.until("on", Duration::from_secs(10)).expect("a shell");
        let times = screen.echoes();
        drop(child.kill());
        times
    };
    told("key to its echo by cat, idle", echo());
    told("key to picture of another panel, idle", screen.panels());
    screen.map();
    told("key to cursor on the map of a million states, idle", screen.cursor());
    screen.press("5");
    screen.until("adaptive", Duration::from_secs(2)).expect("the top-up panel shows");
    screen.press("t");
    screen.until("fine-tuning", Duration::from_mins(3)).expect("the top-up trains");
    screen.cost("while a top-up trains, its panel open", id, Duration::from_secs(10));
    told("key to its echo by cat, while a top-up trains", echo());
    told("key to picture of another panel, while a top-up trains", screen.panels());
    screen.map();
    told("key to cursor on the map, while a top-up trains", screen.cursor());
    drop(child.kill());

    for protocol in ["kitty", "iterm2", "sixel"] {
        let args = [&demo, "--checkpoint", &model, "--pixels", protocol];
        let Program { mut child, mut screen, _pty } = opened(&args, folder);
        screen.until("Return of an episode", Duration::from_mins(1)).expect("the data panel shows");
        std::thread::sleep(Duration::from_secs(15));
        told(&format!("key to picture of another panel, the map in pixels ({protocol})"), screen.panels());
        drop(child.kill());
    }

    let shot = |file: &str| {
        let args = [&demo, "--checkpoint", &model, "--panel", "coverage", "--size", "160x45", "-o", file];
        run(&[&["shot"], &args[..]].concat(), folder)
    };
    println!("shot of panel 2 of the demo, everything measured first: {:.0} ms", shot("coverage.png"));
    let report = run(&["report", &demo, "--checkpoint", &model, "--html", "demo.html"], folder);
    let bytes = fs::metadata(folder.join("demo.html")).map_or(0, |m| m.len());
    println!("report --html of the demo: {report:.0} ms, {:.2} MB", bytes as f64 / 1e6);
}

/// The program as it runs.
struct Program {
    child: Box<dyn Child + Send + Sync>,
    screen: Screen,
    /// Closed, it would end the program.
    _pty: PtyPair,
}

/// The dashboard, opened with `args`.
fn opened(args: &[&str], folder: &Path) -> Program {
    started(PROGRAM, args, folder)
}

/// A program in a terminal of its own.
fn started(program: &str, args: &[&str], folder: &Path) -> Program {
    let pty = native_pty_system().openpty(SIZE).expect("a pty");
    let mut command = CommandBuilder::new(program);
    command.args(args);
    command.cwd(folder);
    command.env("TERM", "xterm-256color");
    let child = pty.slave.spawn_command(command).expect("the program starts");
    Program { child, screen: screen(&*pty.master), _pty: pty }
}

fn screen(master: &dyn portable_pty::MasterPty) -> Screen {
    let mut reader = master.try_clone_reader().expect("the pty is read");
    let (sender, bytes) = channel();
    std::thread::spawn(move || {
        let mut buffer = vec![0; 65536];
        while let Ok(n) = reader.read(&mut buffer) {
            if n == 0 || sender.send((Instant::now(), buffer[..n].to_vec())).is_err() {
                break;
            }
        }
    });
    let keys = master.take_writer().expect("the pty is written to");
    Screen { parser: vt100::Parser::new(ROWS, COLUMNS, 0), bytes, keys }
}
