//! Finds a wheel on a Python index: the simple API as JSON (PEP 691) or as HTML (PEP 503).

use serde::Deserialize;
use ureq::ResponseExt;

use crate::http::{Http, RequestError, Retry};
use crate::manifest::WheelMember;
use crate::progress::Task;
use crate::url;

const JSON: &str = "application/vnd.pypi.simple.v1+json";
const ACCEPT: &str = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1";

/// The largest projects' pages are a few megabytes.
const LONGEST_PAGE_BYTES: u64 = 64 * 1024 * 1024;

/// Why a wheel was not found.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The index could not be asked.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// Its answer is neither of the two forms.
    #[error("{index}: not a Python index (simple API, PEP 503 or PEP 691): {reason}")]
    NoIndex {
        /// Without user and password.
        index: String,
        /// What is wrong.
        reason: String,
    },
    /// It has no such wheel.
    #[error("{index} has no {wheel}: a mirror that lags? PIP_INDEX_URL names another index, --from a directory")]
    NotThere {
        /// Without user and password.
        index: String,
        /// File name of the wheel.
        wheel: String,
    },
    /// It has another file of that name.
    #[error("{index} offers another {wheel}: sha256 {got}, not {expected}. Do not use it before you know why")]
    OtherFile {
        /// Without user and password.
        index: String,
        /// File name of the wheel.
        wheel: String,
        /// As the manifest says.
        expected: String,
        /// As the index says.
        got: String,
    },
}

/// A link to a file of a project.
#[derive(Debug, PartialEq, Eq)]
struct Link {
    name: String,
    url: String,
    sha256: Option<String>,
}

/// The address of a wheel on the first of the indexes that has it.
pub(crate) fn locate(
    http: &Http,
    indexes: &[String],
    wanted: &WheelMember,
    retry: &Retry,
    task: &Task<'_>,
) -> Result<String, IndexError> {
    let mut first_error = None;
    for index in indexes {
        match locate_on(http, index, wanted, retry, task) {
            Ok(address) => return Ok(address),
            Err(error) => drop(first_error.get_or_insert(error)),
        }
    }
    Err(first_error.unwrap_or(IndexError::NoIndex { index: String::new(), reason: "none is configured".to_owned() }))
}

fn locate_on(
    http: &Http,
    index: &str,
    wanted: &WheelMember,
    retry: &Retry,
    task: &Task<'_>,
) -> Result<String, IndexError> {
    let page = format!("{}/{}/", index.trim_end_matches('/'), normalized(&wanted.package));
    let links = links(http, &page, retry, task)?;
    let shown = || url::shown(index);
    let link = links
        .into_iter()
        .find(|link| link.name == wanted.wheel)
        .ok_or_else(|| IndexError::NotThere { index: shown(), wheel: wanted.wheel.clone() })?;
    match link.sha256 {
        Some(got) if got != wanted.sha256 => Err(IndexError::OtherFile {
            index: shown(),
            wheel: wanted.wheel.clone(),
            expected: wanted.sha256.clone(),
            got,
        }),
        _ => Ok(url::with_credentials_of(index, &link.url)),
    }
}

fn links(http: &Http, page: &str, retry: &Retry, task: &Task<'_>) -> Result<Vec<Link>, IndexError> {
    let mut failures = 0;
    loop {
        match page_text(http, page) {
            Ok((base, text, true)) => return from_json(&base, &text),
            Ok((base, text, false)) => return Ok(from_html(&base, &text)),
            Err(error) if error.is_transient() && failures + 1 < retry.attempts => {
                failures += 1;
                task.pause(&error, retry.wait(failures));
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// The page's address after redirects, its text, and whether that is JSON.
fn page_text(http: &Http, page: &str) -> Result<(String, String, bool), RequestError> {
    let mut response = http.get(page, ACCEPT, 0)?;
    let base = response.get_uri().to_string();
    let kind = response.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let is_json = kind.starts_with(JSON) || kind.starts_with("application/json");
    let text = response.body_mut().with_config().limit(LONGEST_PAGE_BYTES).read_to_string();
    Ok((base, text.map_err(|error| crate::http::read_error(error.into_io(), page))?, is_json))
}

/// PEP 503: lower case, and one `-` for each run of `-`, `_` and `.`.
fn normalized(package: &str) -> String {
    let words = package.split(['-', '_', '.']).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_lowercase()
}

fn from_json(base: &str, text: &str) -> Result<Vec<Link>, IndexError> {
    #[derive(Deserialize)]
    struct Page {
        files: Vec<Entry>,
    }
    #[derive(Deserialize)]
    struct Entry {
        filename: String,
        url: String,
        #[serde(default)]
        hashes: Hashes,
    }
    #[derive(Deserialize, Default)]
    struct Hashes {
        sha256: Option<String>,
    }
    let page: Page = serde_json::from_str(text)
        .map_err(|error| IndexError::NoIndex { index: url::shown(base), reason: error.to_string() })?;
    let link = |entry: Entry| Link {
        name: entry.filename,
        url: url::join(base, &entry.url),
        sha256: entry.hashes.sha256.map(|hash| hash.to_lowercase()),
    };
    Ok(page.files.into_iter().map(link).collect())
}

/// The anchors of a page. PEP 503 asks of the page no more than anchors whose `href` leads to files.
fn from_html(base: &str, text: &str) -> Vec<Link> {
    let anchors = text.split('<').filter(|tag| tag.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("a ")));
    anchors.filter_map(|tag| attribute(tag, "href")).map(|href| link(base, &href)).collect()
}

fn link(base: &str, href: &str) -> Link {
    let address = url::join(base, href);
    let (address, fragment) = address.split_once('#').unwrap_or((&address, ""));
    let path = address.split('?').next().unwrap_or(address);
    Link {
        name: url::percent_decoded(path.rsplit('/').next().unwrap_or(path)),
        url: address.to_owned(),
        sha256: fragment.split('&').find_map(|part| part.strip_prefix("sha256=")).map(str::to_lowercase),
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let lower = tag.to_ascii_lowercase();
    let is_whole = |at: usize| lower[..at].ends_with(|before: char| before.is_whitespace());
    let (at, found) = lower.match_indices(&format!("{name}=")).find(|(at, _)| is_whole(*at))?;
    let start = at + found.len();
    let quote = tag[start..].chars().next().filter(|c| "\"'".contains(*c))?;
    let value = tag[start + 1..].split(quote).next()?;
    Some(value.replace("&#43;", "+").replace("&quot;", "\"").replace("&amp;", "&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "https://index.example/simple/silero-vad/";

    #[test]
    fn names_are_normalized_as_pep_503_says() {
        assert_eq!(normalized("Silero_VAD.-x"), "silero-vad-x");
    }

    #[test]
    fn an_html_page_gives_its_anchors() {
        let page = "<!DOCTYPE html><html><body><h1>Links</h1>\n\
                    <A HREF='../../packages/a-1.whl#sha256=ABC' data-requires-python=\"&gt;=3.8\">a-1.whl</a><br/>\n\
                    <a data-href=\"no\" data-yanked=\"\"\n\
                    href=\"https://files.example/b%2Bcpu-1.whl?token=1&amp;x=2\">b</a></body>";
        assert_eq!(
            from_html(BASE, page),
            [
                Link {
                    name: "a-1.whl".into(),
                    url: "https://index.example/packages/a-1.whl".into(),
                    sha256: Some("abc".into())
                },
                Link {
                    name: "b+cpu-1.whl".into(),
                    url: "https://files.example/b%2Bcpu-1.whl?token=1&x=2".into(),
                    sha256: None
                },
            ]
        );
    }

    #[test]
    fn a_json_page_gives_its_files() {
        let page = r#"{"meta":{"api-version":"1.1"},"name":"a","files":[
            {"filename":"a-1.whl","url":"/p/a-1.whl","hashes":{"sha256":"ABC","md5":"0"},"size":3},
            {"filename":"a-2.whl","url":"https://files.example/a-2.whl","hashes":{}}]}"#;
        let links = from_json(BASE, page).unwrap();
        assert_eq!(links[0].url, "https://index.example/p/a-1.whl");
        assert_eq!(links[0].sha256.as_deref(), Some("abc"));
        assert_eq!((links[1].name.as_str(), &links[1].sha256), ("a-2.whl", &None));
        assert!(from_json(BASE, "{}").unwrap_err().to_string().contains("not a Python index"));
    }
}
