//! The little of RFC 3986 that an index page needs.

/// Resolves a link of a page: RFC 3986, section 5.2, for http(s) bases.
pub(crate) fn join(base: &str, reference: &str) -> String {
    if reference.contains("://") {
        return reference.to_owned();
    }
    let (scheme, rest) = base.split_once("://").unwrap_or(("https", base));
    if reference.starts_with("//") {
        return format!("{scheme}:{reference}");
    }
    let rest = rest.split(['?', '#']).next().unwrap_or(rest);
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let merged = match reference.strip_prefix('/') {
        Some(absolute) => absolute.to_owned(),
        None => match path.rsplit_once('/') {
            Some((directory, _)) => format!("{directory}/{reference}"),
            None => reference.to_owned(),
        },
    };
    format!("{scheme}://{authority}/{}", without_dots(&merged))
}

fn without_dots(path: &str) -> String {
    let (path, suffix) = path.find(['?', '#']).map_or((path, ""), |at| path.split_at(at));
    let mut segments = Vec::new();
    for segment in path.split('/') {
        match segment {
            "." => {}
            ".." => drop(segments.pop()),
            segment => segments.push(segment),
        }
    }
    segments.join("/") + suffix
}

/// Host and port, without user and password.
pub(crate) fn host(url: &str) -> &str {
    let authority = authority(url);
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}

/// The URL as it may be shown: without user and password.
pub(crate) fn shown(url: &str) -> String {
    match userinfo(url) {
        Some(secret) => url.replacen(&format!("{secret}@"), "", 1),
        None => url.to_owned(),
    }
}

/// Gives a link the user and password of the page it stands on, if both are of one host.
pub(crate) fn with_credentials_of(page: &str, url: &str) -> String {
    match userinfo(page) {
        Some(secret) if userinfo(url).is_none() && host(url) == host(page) => {
            url.replacen("://", &format!("://{secret}@"), 1)
        }
        _ => url.to_owned(),
    }
}

fn authority(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or(rest)
}

fn userinfo(url: &str) -> Option<&str> {
    authority(url).rsplit_once('@').map(|(userinfo, _)| userinfo)
}

/// Undoes `%41`; what is no escape stays as it is.
pub(crate) fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let escape = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match escape.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(decoded) if byte == b'%' => {
                bytes.push(decoded);
                rest = &after[2..];
            }
            _ => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_resolve_as_rfc_3986_says() {
        let base = "https://index.example/simple/pkg/";
        for (reference, expected) in [
            ("https://files.example/a.whl", "https://files.example/a.whl"),
            ("//files.example/a.whl", "https://files.example/a.whl"),
            ("/packages/a.whl#sha256=0", "https://index.example/packages/a.whl#sha256=0"),
            ("../../packages/./a.whl#sha256=../0", "https://index.example/packages/a.whl#sha256=../0"),
            ("a.whl", "https://index.example/simple/pkg/a.whl"),
            ("../../../../a.whl", "https://index.example/a.whl"),
        ] {
            assert_eq!(join(base, reference), expected);
        }
        assert_eq!(join("http://index.example", "a.whl"), "http://index.example/a.whl");
    }

    #[test]
    fn user_and_password_are_never_shown_and_go_to_their_own_host_only() {
        let page = "https://me:secret@index.example:8443/simple/";
        assert_eq!(shown(page), "https://index.example:8443/simple/");
        assert_eq!(host(page), "index.example:8443");
        assert_eq!(
            with_credentials_of(page, "https://index.example:8443/a.whl"),
            "https://me:secret@index.example:8443/a.whl"
        );
        assert_eq!(with_credentials_of(page, "https://files.example/a.whl"), "https://files.example/a.whl");
    }

    #[test]
    fn escapes_are_undone_and_stray_percent_signs_stay() {
        assert_eq!(percent_decoded("a%2Bcpu-1%zz%4"), "a+cpu-1%zz%4");
    }
}
