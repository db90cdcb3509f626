//! One HTML file that needs nothing else.

/// Text for HTML and SVG, between tags and in attributes.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Colours of Okabe and Ito (2008), told apart with all common kinds of colour vision.
const STYLE: &str = "\
:root{color-scheme:light dark;--bg:#fff;--fg:#1b1b1b;--dim:#5c5c5c;--line:#d0d0d0;--caller:#0072b2;--agent:#b34700;\
--endpoint:#8a8a8a;--transcript:#0072b2;--model:#8f6b00;--voice:#9c4a7f;--daemon:#00785a;--alarm:#a00000;--box:#f4f4f4}
@media (prefers-color-scheme:dark){:root{--bg:#16181b;--fg:#e6e6e6;--dim:#a8a8a8;--line:#3c4046;--caller:#56b4e9;\
--agent:#ff9d4d;--endpoint:#8f959c;--transcript:#56b4e9;--model:#f0e442;--voice:#e0a0c8;--daemon:#2fc79a;--alarm:#ff8080;--box:#202327}}
body{background:var(--bg);color:var(--fg);font:15px/1.45 system-ui,sans-serif;margin:1.5rem auto;max-width:78rem;padding:0 1rem}
h1{font-size:1.35rem}h2{font-size:1.1rem;margin-top:2rem}.dim{color:var(--dim)}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.25rem .5rem;border-bottom:1px solid var(--line);\
vertical-align:top}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
.scroll{overflow-x:auto;background:var(--box);border:1px solid var(--line);border-radius:4px}
.scroll:focus{outline:2px solid var(--caller)}svg text{font:11px system-ui,sans-serif;fill:var(--fg)}
svg .dim{fill:var(--dim)}svg .grid{stroke:var(--line)}svg .caller{fill:var(--caller)}svg .agent{fill:var(--agent)}
svg .endpoint{fill:var(--endpoint)}svg .transcript{fill:var(--transcript)}svg .model{fill:var(--model)}svg .voice{fill:var(--voice)}\
svg .daemon{fill:var(--daemon)}svg .alarm{fill:var(--alarm)}svg .faint{opacity:.45}\
svg .edge{stroke:var(--fg);stroke-width:1.5}svg .hollow{fill:none;stroke:var(--dim)}
.differs{border-left:4px solid var(--alarm)}ul{margin:.2rem 0;padding-left:1.2rem}
";

/// A page with this title; `body` is HTML already.
pub(crate) fn page(title: &str, body: &str) -> String {
    let title = escaped(title);
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n<meta name=\"viewport\" \
         content=\"width=device-width\"/>\n<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <h1>{title}</h1>\n{body}</body>\n</html>\n"
    )
}

/// A list of remarks; nothing without any.
pub(crate) fn remarks(remarks: &[String]) -> String {
    if remarks.is_empty() {
        return String::new();
    }
    let items: String = remarks.iter().map(|remark| format!("<li>{}</li>", escaped(remark))).collect();
    format!("<ul class=\"dim\">{items}</ul>\n")
}
