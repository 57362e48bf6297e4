//! Datasets behind URLs, from real servers on loopback: moto, which speaks S3, and Python's web server. Runs where
//! `OODSCOPE_PYTHON` (else `python3`) is a Python with `moto[server]`; otherwise says that nothing was compared.
//!
//! Servers, credentials and the folder for copies are set by environment variables, as users set them, so whatever opens a
//! URL does so in a process of its own: this test binary, started again.

#![allow(clippy::float_cmp, reason = "copies of one file hold the same numbers to the last bit")]

use std::io::Read as _;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use oodscope::data::dataset::Dataset;
use oodscope::format;
use oodscope::ground::task::{Cancel, Ctx};
use serde_json::{Value, json};

/// What the other process is to open: a list of `{url, local, cancel_ms}`.
const WANTED: &str = "OODSCOPE_TEST_WANTED";
/// Start of a line that it answers with.
const ANSWER: &str = "answer: ";

/// Makes a bucket and puts every file below a folder into it, and objects that nobody should fetch.
const UPLOAD: &str = r#"
import boto3, os, sys
endpoint, folder = sys.argv[1:]
s3 = boto3.client("s3", endpoint_url=endpoint)
s3.create_bucket(Bucket="data")
for place, _, files in os.walk(folder):
    for name in files:
        path = os.path.join(place, name)
        s3.upload_file(path, "data", "formats/" + os.path.relpath(path, folder).replace(os.sep, "/"), {"ACL": "public-read"})
for key in ["formats/lerobot3/videos/front/0.mp4", "formats/lerobot3/videos/front/1.mp4", "formats/lerobot3/README.md"]:
    s3.put_object(Bucket="data", Key=key, Body=b"x" * 1000)
s3.put_object(Bucket="data", Key="formats/lerobot3/data/", Body=b"")
s3.put_object(Bucket="data", Key="odd/a\\b.parquet", Body=b"x")
s3.put_object(Bucket="data", Key="pictures/a.png", Body=b"x")
s3.put_object(Bucket="data", Key="films/a.mp4", Body=b"x")
"#;

/// Puts one file into the bucket, and takes one out.
const CHANGE: &str = r#"
import boto3, sys
endpoint, path, key, gone = sys.argv[1:]
s3 = boto3.client("s3", endpoint_url=endpoint)
s3.upload_file(path, "data", key)
s3.delete_object(Bucket="data", Key=gone)
"#;

fn formats() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/formats")
}

fn python() -> PathBuf {
    std::env::var_os("OODSCOPE_PYTHON").map_or_else(|| "python3".into(), PathBuf::from)
}

/// True if there is a Python with `module`; says so where there is none.
fn has(module: &str) -> bool {
    let found = Command::new(python()).args(["-c", &format!("import {module}")]).stderr(Stdio::null()).status();
    let found = found.is_ok_and(|status| status.success());
    if !found {
        println!("{} has no {module}: nothing was compared with a real server", python().display());
    }
    found
}

/// A server on loopback, and what it has said.
struct Server {
    child: Child,
    url: String,
    log: PathBuf,
}

impl Server {
    fn start(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        // Free when it is asked for; the server takes it a moment later.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let log = folder.join(format!("log-{port}"));
        let file = std::fs::File::create(&log).unwrap();
        let arguments = arguments.iter().map(|a| if *a == "PORT" { port.to_string() } else { (*a).to_owned() });
        let mut command = Command::new(python());
        command.args(arguments).envs(environment.iter().copied()).current_dir(formats());
        let child = command.stdout(file.try_clone().unwrap()).stderr(file).spawn().unwrap();
        let server = Self { child, url: format!("http://127.0.0.1:{port}"), log };
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(began.elapsed() < Duration::from_mins(2), "{}", server.said());
            std::thread::sleep(Duration::from_millis(50));
        }
        server
    }

    fn moto(folder: &Path, environment: &[(&str, &str)]) -> Self {
        Self::start(folder, &["-m", "moto.server", "-p", "PORT"], environment)
    }

    fn web(folder: &Path) -> Self {
        Self::start(folder, &["-m", "http.server", "--bind", "127.0.0.1", "PORT"], &[])
    }

    fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// How often an object was asked for: a listing has a question mark behind the bucket.
    fn gets(&self) -> usize {
        self.said().lines().filter(|l| l.contains("\"GET /data/") && !l.contains("GET /data/?")).count()
    }

    fn python(&self, script: &str, arguments: &[&str]) {
        let mut command = Command::new(python());
        command.args(["-c", script, &self.url]).args(arguments).envs(keys());
        let done = command.output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn keys() -> [(&'static str, &'static str); 3] {
    [("AWS_ACCESS_KEY_ID", "key"), ("AWS_SECRET_ACCESS_KEY", "secret"), ("AWS_DEFAULT_REGION", "us-east-1")]
}

/// What came of a URL.
#[derive(Debug)]
struct Answer {
    good: bool,
    /// The rule about the copy, or the sentence.
    text: String,
    took: Duration,
}

/// Opens `wanted` in a process that has the folder `cache` for copies and `environment` beside.
fn opened(wanted: &Value, cache: &Path, environment: &[(&str, &str)]) -> Vec<Answer> {
    let module = module_path!().split_once("::").unwrap().1;
    let test = format!("{module}::urls_of_the_environment_open");
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", &test, "--ignored", "--nocapture", "--test-threads=1"]);
    for (name, _) in std::env::vars().filter(|(n, _)| n.starts_with("AWS_") || n.starts_with("GOOGLE_")) {
        command.env_remove(name);
    }
    command.env("XDG_CACHE_HOME", cache).env("HOME", cache).env(WANTED, wanted.to_string());
    let done = command.envs(environment.iter().copied()).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{out}\n{err}");
    let answer = |line: &str| {
        let json: Value = serde_json::from_str(line.split_once(ANSWER)?.1).ok()?;
        let took = Duration::from_millis(json["ms"].as_u64()?);
        Some(Answer { good: json["good"].as_bool()?, text: json["text"].as_str()?.to_owned(), took })
    };
    let answers: Vec<Answer> = out.lines().filter_map(answer).collect();
    assert_eq!(answers.len(), wanted.as_array().unwrap().len(), "{out}\n{err}");
    for answer in &answers {
        println!("{} ({} ms)", answer.text, answer.took.as_millis());
    }
    answers
}

#[test]
#[ignore = "the other half of the tests of this file, which start it in a process of its own"]
fn urls_of_the_environment_open() {
    let wanted: Value = serde_json::from_str(&std::env::var(WANTED).expect("started by another test")).unwrap();
    for one in wanted.as_array().unwrap() {
        let url = one["url"].as_str().unwrap();
        let cancel = Cancel::default();
        let (began, later) = (Instant::now(), cancel.clone());
        if let Some(ms) = one["cancel_ms"].as_u64() {
            std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(ms));
                later.cancel();
            });
        }
        let answer = format::open(Path::new(url), None, &Ctx::new(cancel, |_| {}));
        let ms = began.elapsed().as_millis() as u64;
        let (good, text) = match answer {
            Ok(data) => {
                same(
                    url,
                    &data,
                    &format::open(Path::new(one["local"].as_str().unwrap()), None, &Ctx::quiet()).unwrap(),
                );
                (true, data.origin.rules[0].clone())
            }
            Err(e) => (false, e.to_string()),
        };
        println!("\n{ANSWER}{}", json!({ "good": good, "text": text, "ms": ms }));
    }
}

/// Fails where a dataset from a URL is not that of the local file.
fn same(url: &str, a: &Dataset, b: &Dataset) {
    assert_eq!(a.origin.path.as_os_str(), url);
    assert_eq!((&a.origin.format, &a.origin.env_id), (&b.origin.format, &b.origin.env_id), "{url}");
    assert_eq!((&a.origin.dataset_id, &a.origin.warnings), (&b.origin.dataset_id, &b.origin.warnings), "{url}");
    assert_eq!((&a.obs_space, &a.action_space), (&b.obs_space, &b.action_space), "{url}");
    assert_eq!(a.spans(), b.spans(), "{url}");
    for i in 0..b.num_episodes() {
        let (a, b) = (a.episode(i), b.episode(i));
        assert_eq!((a.obs, a.actions, a.rewards), (b.obs, b.actions, b.rewards), "{url}, episode {i}");
        assert_eq!(a.next_obs, b.next_obs, "{url}, episode {i}");
    }
    let cache = std::env::var("XDG_CACHE_HOME").unwrap();
    let words = a.origin.rules.iter().chain(&a.origin.warnings);
    assert!(words.clone().all(|w| !w.contains(&cache)), "{url}: {:?}", a.origin.rules);
    let local = |rule: &String| rule.contains(formats().to_str().unwrap());
    assert_eq!(a.origin.rules.len(), b.origin.rules.len() + 1, "{url}");
    assert!(a.origin.rules[1..].iter().zip(&b.origin.rules).all(|(a, b)| a == b || local(b)), "{url}");
}

#[test]
fn a_bucket_opens_as_the_local_files_and_is_fetched_once() {
    if !has("moto.server, boto3") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let server = Server::moto(folder.path(), &[]);
    server.python(UPLOAD, &[formats().to_str().unwrap()]);
    let truth: Value = serde_json::from_str(&std::fs::read_to_string(formats().join("truth.json")).unwrap()).unwrap();
    let names: Vec<String> = truth["files"].as_object().unwrap().keys().cloned().collect();
    let wanted: Vec<Value> = names
        .iter()
        .map(|name| json!({ "url": format!("s3://data/formats/{name}"), "local": formats().join(name) }))
        .collect();
    let cache = folder.path().join("cache");
    let settings = [&keys()[..], &[("AWS_ENDPOINT_URL", server.url.as_str())]].concat();
    let first = opened(&json!(wanted), &cache, &settings);
    for (answer, name) in first.iter().zip(&names) {
        assert!(answer.good && answer.text.contains("all of it was fetched now"), "{name}: {}", answer.text);
    }
    let of = |name: &str| names.iter().position(|n| n == name).unwrap();
    let lerobot = &first[of("lerobot3")].text;
    assert!(lerobot.ends_with("; not fetched: 2 videos, 1 other file"), "{lerobot}");
    assert!(first[of("named.csv")].text.starts_with("2 files"), "its map comes with it");
    let gets = server.gets();
    assert!(gets > names.len(), "{}", server.said());

    for (answer, name) in opened(&json!(wanted), &cache, &settings).iter().zip(&names) {
        assert!(answer.good && answer.text.contains("none of it was fetched now"), "{name}: {}", answer.text);
    }
    assert_eq!(server.gets(), gets, "nothing is asked for again");

    // Google's store lists a bucket in the same words.
    let google = [("GOOGLE_BASE_URL", server.url.as_str()), ("GOOGLE_SKIP_SIGNATURE", "true")];
    let wanted = ["lists.parquet", "lerobot3", "minari/parquet-v0"]
        .map(|name| json!({ "url": format!("gs://data/formats/{name}"), "local": formats().join(name) }));
    for words in ["all of it was fetched now", "none of it was fetched now"] {
        let answers = opened(&json!(wanted), &cache, &google);
        assert!(answers.iter().all(|a| a.good && a.text.contains(words)), "{answers:?}");
    }
    let gets = server.gets();

    // Another table under the name of the first, and a description that is no longer there.
    let (other, key) = (formats().join("lists.parquet"), "formats/flat.parquet");
    server.python(CHANGE, &[other.to_str().unwrap(), key, "formats/lerobot2/meta/tasks.jsonl"]);
    let wanted = json!([
        { "url": format!("s3://data/{key}"), "local": other },
        { "url": "s3://data/formats/lerobot2", "local": formats().join("lerobot2") },
    ]);
    let changed = opened(&wanted, &cache, &settings);
    assert!(changed[0].good && changed[0].text.contains("all of it was fetched now"), "{changed:?}");
    assert!(changed[1].good && changed[1].text.contains("none of it was fetched now"), "{changed:?}");
    assert_eq!(server.gets(), gets + 1);
    let copies: Vec<PathBuf> =
        std::fs::read_dir(cache.join("oodscope/objects")).unwrap().map(|e| e.unwrap().path()).collect();
    let lerobot2 = copies.iter().find(|p| p.to_str().unwrap().ends_with("-lerobot2")).unwrap();
    assert!(!lerobot2.join("files/meta/tasks.jsonl").exists() && lerobot2.join("files/meta/info.json").exists());
}

#[test]
fn what_a_bucket_has_not_is_said_in_a_sentence() {
    if !has("moto.server, boto3") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let server = Server::moto(folder.path(), &[]);
    server.python(UPLOAD, &[formats().join("minari").to_str().unwrap()]);
    let cache = folder.path().join("cache");
    let settings = [&keys()[..], &[("AWS_ENDPOINT_URL", server.url.as_str())]].concat();
    let cases = [
        ("s3://nowhere/formats/x.parquet", "there is no bucket 'nowhere'; check its name and AWS_ENDPOINT_URL"),
        ("s3://nowhere", "there is no bucket 'nowhere'; check its name and AWS_ENDPOINT_URL"),
        ("s3://data/formats/gone.parquet", "nothing is there, neither a file nor a folder; check the spelling"),
        ("s3://data/formats/gone/", "nothing is there, neither a file nor a folder; check the spelling"),
        ("s3://data/odd", "has an object 'a\\b.parquet' whose name cannot be a file's on this machine; rename it"),
        ("s3://data/pictures", "no file below it is one that oodscope reads (1 image); name the folder of a dataset"),
        ("s3://data/films/a.mp4", "is no dataset but a video or an image; name a table or a folder"),
        ("s3://data/formats", "a folder with Minari datasets below it; open one of"),
    ];
    let wanted: Vec<Value> = cases.iter().map(|(url, _)| json!({ "url": url })).collect();
    for (answer, (url, words)) in opened(&json!(wanted), &cache, &settings).iter().zip(&cases) {
        let told = answer.text.starts_with(&format!("{url}: ")) && answer.text.contains(words);
        assert!(!answer.good && told && !answer.text.contains('\n'), "{url}: {}", answer.text);
        assert!(answer.took < Duration::from_secs(20), "{url}: {:?}", answer.took);
    }

    let strict = Server::moto(folder.path(), &[("INITIAL_NO_AUTH_ACTION_COUNT", "0")]);
    let settings = [&keys()[..], &[("AWS_ENDPOINT_URL", strict.url.as_str())]].concat();
    let denied = &opened(&json!([{ "url": "s3://data/formats" }]), &cache, &settings)[0];
    assert!(denied.text.contains("access is denied") && denied.text.contains("AWS_ACCESS_KEY_ID"), "{}", denied.text);

    let nobody = [&keys()[..], &[("AWS_ENDPOINT_URL", "http://127.0.0.1:9")]].concat();
    let unreachable = &opened(&json!([{ "url": "s3://data/x" }]), &cache, &nobody)[0];
    assert!(unreachable.text.contains("Connection refused") && unreachable.text.contains("AWS_ENDPOINT_URL"));
    assert!(unreachable.took < Duration::from_secs(25), "{unreachable:?}");
}

#[test]
fn a_file_on_a_web_server_opens_and_is_fetched_once() {
    if !has("http.server") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let server = Server::web(folder.path());
    let cache = folder.path().join("cache");
    let url = |name: &str| format!("{}/{name}", server.url);
    let wanted = json!([
        { "url": url("flat.parquet?token=secret"), "local": formats().join("flat.parquet") },
        { "url": url("lists%2Eparquet"), "local": formats().join("lists.parquet") },
        { "url": url("gone.parquet?token=secret") },
        { "url": url("minari/") },
        { "url": url("minari/..%2F..%2Fflat.parquet") },
    ]);
    for words in ["all of it was fetched now", "none of it was fetched now"] {
        let answers = opened(&wanted, &cache, &[]);
        assert!(answers[..2].iter().all(|a| a.good && a.text.contains(words)), "{answers:?}");
        assert!(answers.iter().all(|a| !a.text.contains("secret")), "signatures are not told: {answers:?}");
        assert!(answers[2].text.ends_with("gone.parquet: the server has no such file (404); check the URL"));
        assert!(answers[3].text.contains("does not list its folders"), "{answers:?}");
        assert!(!answers[4].good && answers[4].text.contains("illegal"), "{answers:?}");
    }
    assert_eq!(server.said().matches("\"GET /flat.parquet").count(), 1, "{}", server.said());
}

#[test]
fn a_server_that_says_nothing_is_given_up_and_a_cancel_is_heard_at_once() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/x.parquet", silent.local_addr().unwrap());
    std::thread::spawn(move || {
        for connection in silent.incoming().flatten() {
            std::thread::spawn(move || {
                // Answers with the head of a file, and never with the file.
                let (mut connection, mut head) = (connection, [0; 5]);
                let _ = connection.read_exact(&mut head);
                let answer = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nETag: \"a\"\r\n\r\n";
                let _ = std::io::Write::write_all(&mut connection, answer.as_bytes());
                if &head == b"HEAD " {
                    return;
                }
                std::thread::sleep(Duration::from_mins(2));
            });
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let wanted = json!([{ "url": url, "cancel_ms": 300 }, { "url": url }]);
    let answers = opened(&wanted, folder.path(), &[]);
    assert_eq!(answers[0].text, "cancelled");
    assert!(answers[0].took < Duration::from_secs(2), "{answers:?}");
    assert!(answers[1].text.contains("no answer for 20 seconds"), "{answers:?}");
    assert!(answers[1].took < Duration::from_secs(25), "{answers:?}");
}
