//! Telling a URL from a path.

use std::path::Path;

/// The text and the scheme of the URL that `path` is; nothing where it is a path.
pub fn as_url(path: &Path) -> Option<(&str, &str)> {
    let text = path.to_str()?;
    let (scheme, _) = text.split_once("://")?;
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    let is_scheme =
        scheme.len() > 1 && scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.chars().all(word);
    is_scheme.then_some((text, scheme))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_told_from_paths_and_keep_every_character() {
        for text in ["s3://bucket/x", "https://host/a//b?c=d", "hf://datasets/a/b@main/", "S3://b"] {
            let path = Path::new(text);
            assert_eq!(as_url(path).map(|u| u.0), Some(text));
            assert_eq!(path.display().to_string(), text);
            assert_eq!(path.to_path_buf().into_os_string(), text);
        }
        for text in ["s3:/bucket/x", "data/s3://x", "c://x", "://x", "a b://x", "data.hdf5", "1a://x", ""] {
            assert_eq!(as_url(Path::new(text)), None, "{text}");
        }
    }
}
