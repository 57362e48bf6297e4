//! What can go wrong on the way to a server, and what to do about it.

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use polars_core::error::PolarsError;
use polars_io::cloud::PolarsObjectStoreError;

use crate::ground::fault::Fault;
use crate::ground::task::Cancelled;

/// How long a server may say nothing at all.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
/// Longest reason that a server may give.
const LONGEST_REASON: usize = 200;
/// Where machines in a cloud ask for their own credentials: asked only if none are set.
const OWN_CREDENTIALS: &[&str] = &["169.254.169.254", "metadata.google.internal"];

/// What stores that speak S3 say where there is no such bucket.
const NO_BUCKET: &str = "NoSuchBucket";

/// What object stores say where a listing is refused.
const DENIED: &[&str] = &["status code: 401", "status code: 403"];

/// What helps where the copy finds no room.
pub(super) const ROOM: &str = "free some room, or set XDG_CACHE_HOME to a folder with more";

/// Why something did not come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The job was cancelled.
    Cancelled,
    /// The server said nothing for too long.
    Silent,
    /// It is not there; the server's reason.
    Missing(String),
    /// It may not be read; the server's reason.
    Denied(String),
    /// No credentials are set.
    Anonymous,
    /// The copy cannot be written.
    Disk(String),
    /// It is nothing that opens; the whole of the problem.
    Unfit(String),
    /// Anything else: the reason.
    Other(String),
}

impl From<Cancelled> for Trouble {
    fn from(_: Cancelled) -> Self {
        Self::Cancelled
    }
}

impl From<&object_store::Error> for Trouble {
    fn from(e: &object_store::Error) -> Self {
        let all = e.to_string();
        if OWN_CREDENTIALS.iter().any(|address| all.contains(address)) {
            return Self::Anonymous;
        }
        let reason = reason(e);
        match e {
            _ if reason == NO_BUCKET => Self::Missing(reason),
            object_store::Error::NotFound { .. } => Self::Missing(reason),
            object_store::Error::PermissionDenied { .. } | object_store::Error::Unauthenticated { .. } => {
                Self::Denied(reason)
            }
            // A refused listing is told apart by its words alone.
            _ if DENIED.iter().any(|status| all.contains(status)) => Self::Denied(reason),
            _ => Self::Other(reason),
        }
    }
}

impl From<object_store::Error> for Trouble {
    fn from(e: object_store::Error) -> Self {
        Self::from(&e)
    }
}

impl From<object_store::path::Error> for Trouble {
    fn from(e: object_store::path::Error) -> Self {
        Self::Unfit(format!("has a name that cannot be a file's ({}); rename it", reason(&e)))
    }
}

impl From<PolarsError> for Trouble {
    fn from(e: PolarsError) -> Self {
        if let PolarsError::IO { error, .. } = &e
            && let Some(inner) = error.get_ref().and_then(|inner| inner.downcast_ref::<PolarsObjectStoreError>())
        {
            return Self::from(&inner.source);
        }
        Self::Other(first_line(&e.to_string()))
    }
}

/// The innermost cause, or the code that an XML answer gives.
fn reason(e: &dyn Error) -> String {
    let mut cause = e;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    let text = cause.to_string();
    let code = text.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>")).map(|(code, _)| code);
    first_line(code.unwrap_or(&text))
}

/// The first line of `text`, cut short, and without what follows a `?` in a URL: some are signed there.
fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let words: Vec<&str> = line.split(' ').map(|w| if w.contains("://") { without_query(w) } else { w }).collect();
    let mut short: String = words.join(" ").chars().take(LONGEST_REASON).collect();
    while short.ends_with([':', '.', ' ']) {
        short.pop();
    }
    short
}

/// A URL without its query, in which there may be a signature.
pub(super) fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or(url)
}

impl Trouble {
    /// The sentence for `url`, whose scheme is `scheme`.
    pub fn told(self, url: &str, scheme: &str) -> Fault {
        let problem = match self {
            Self::Cancelled => return Fault::Cancelled,
            Self::Silent => {
                let seconds = PATIENCE.as_secs();
                format!("no answer for {seconds} seconds; check the address, the network and {}", settings(scheme))
            }
            Self::Missing(code) if code == NO_BUCKET => {
                let bucket = url.split("://").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or_default();
                format!("there is no bucket '{bucket}'; check its name{}", endpoint(scheme))
            }
            Self::Missing(_) if scheme.starts_with("http") => "the server has no such file (404); check the URL".into(),
            Self::Missing(_) => {
                "nothing is there, neither a file nor a folder; check the spelling (capitals count)".into()
            }
            Self::Denied(reason) => format!("access is denied ({reason}); {}", credentials(scheme)),
            Self::Anonymous => format!("no credentials are found; {}", credentials(scheme)),
            Self::Unfit(problem) => problem,
            Self::Disk(reason) => format!("cannot be copied to this machine ({reason}); {ROOM}"),
            Self::Other(reason) => {
                format!("cannot be read ({reason}); check the address, the network and {}", settings(scheme))
            }
        };
        Fault::at(Path::new(without_query(url)), problem)
    }
}

/// How a store is told who asks.
fn credentials(scheme: &str) -> &'static str {
    match scheme {
        "s3" | "s3a" => {
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_SKIP_SIGNATURE=true for a public bucket"
        }
        "gs" | "gcs" => "set GOOGLE_SERVICE_ACCOUNT to a key file, or GOOGLE_SKIP_SIGNATURE=true for a public bucket",
        "hf" => "set HF_TOKEN to a token that may read it",
        _ => "use a link that needs no login",
    }
}

/// The settings that may be wrong where a server does not answer as it should.
fn settings(scheme: &str) -> &'static str {
    match scheme {
        "s3" | "s3a" => "AWS_ENDPOINT_URL, AWS_REGION and the credentials",
        "gs" | "gcs" => "GOOGLE_SERVICE_ACCOUNT",
        "hf" => "owner, name and revision of the dataset (HF_TOKEN for a private one)",
        _ => "the port",
    }
}

fn endpoint(scheme: &str) -> &'static str {
    if scheme.starts_with("s3") { " and AWS_ENDPOINT_URL" } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trouble_is_one_sentence_with_a_remedy() {
        let told =
            |trouble: Trouble, url: &str| trouble.told(url, url.split(':').next().expect("a scheme")).to_string();
        let bucket = told(Trouble::Missing("NoSuchBucket".into()), "s3://bukket/a/b");
        assert_eq!(bucket, "s3://bukket/a/b: there is no bucket 'bukket'; check its name and AWS_ENDPOINT_URL");
        let denied = told(Trouble::Denied("AccessDenied".into()), "s3://b/x");
        assert!(denied.contains("access is denied (AccessDenied); set AWS_ACCESS_KEY_ID"), "{denied}");
        let signed = told(Trouble::Missing(String::new()), "https://h/a.parquet?X-Amz-Signature=secret");
        assert_eq!(signed, "https://h/a.parquet: the server has no such file (404); check the URL");
        assert!(told(Trouble::Anonymous, "gs://b/x").contains("GOOGLE_SERVICE_ACCOUNT"));
        assert!(told(Trouble::Silent, "http://h:1/x").contains("no answer for 20 seconds"));
    }

    #[test]
    fn reasons_are_the_innermost_cause_and_keep_no_signature() {
        let xml = "status 404: <?xml version=\"1.0\"?><Error><Code>NoSuchBucket</Code></Error>";
        assert_eq!(reason(&std::io::Error::other(xml)), "NoSuchBucket");
        let long = format!("error for https://h/x?sig=secret {}\nmore", "a".repeat(500));
        let short = first_line(&long);
        assert!(short.starts_with("error for https://h/x aaa") && short.len() == LONGEST_REASON, "{short}");
    }
}
