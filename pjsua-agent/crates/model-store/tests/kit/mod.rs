//! A small HTTP server that can misbehave, manifests that point to it, and this test binary as a process of its own.

#![allow(dead_code, reason = "each suite uses its part")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use model_store::{FetchError, Manifest, PipConfig, Progress, Proxy, PullOptions, Pulled, Retry, Store};
use sha2::{Digest, Sha256};

pub struct Request {
    pub path: String,
    pub authorization: Option<String>,
    /// First byte asked for.
    pub range: Option<usize>,
    /// Requests that came before.
    pub earlier: usize,
}

pub struct Reply {
    status: &'static str,
    headers: Vec<String>,
    body: Vec<u8>,
    cut_after: Option<usize>,
    stalls: bool,
}

impl Reply {
    pub fn status(status: &'static str) -> Reply {
        Reply { status, headers: Vec::new(), body: Vec::new(), cut_after: None, stalls: false }
    }

    /// The whole, whatever was asked for.
    pub fn whole(content: &[u8]) -> Reply {
        Reply { body: content.to_vec(), ..Reply::status("200 OK") }
    }

    /// What was asked for.
    pub fn file(content: &[u8], request: &Request) -> Reply {
        let Some(from) = request.range else { return Reply::whole(content) };
        if from >= content.len() {
            return Reply::status("416 Range Not Satisfiable");
        }
        let range = format!("Content-Range: bytes {from}-{}/{}", content.len() - 1, content.len());
        Reply { headers: vec![range], body: content[from..].to_vec(), ..Reply::status("206 Partial Content") }
    }

    pub fn page(text: &str, kind: &str) -> Reply {
        Reply { headers: vec![format!("Content-Type: {kind}")], ..Reply::whole(text.as_bytes()) }
    }

    /// Announces everything, sends so many bytes, and closes.
    pub fn cut_after(self, bytes: usize) -> Reply {
        Reply { cut_after: Some(bytes), ..self }
    }

    /// As `cut_after`, without closing.
    pub fn stalled_after(self, bytes: usize) -> Reply {
        Reply { cut_after: Some(bytes), stalls: true, ..self }
    }
}

/// Path and first byte of each request.
type Log = Arc<Mutex<Vec<(String, Option<usize>)>>>;

pub struct Server {
    pub url: String,
    seen: Log,
}

impl Server {
    pub fn start(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Log::default();
        let (answer, log) = (Arc::new(answer), Arc::clone(&seen));
        thread::spawn(move || {
            for connection in listener.incoming() {
                let (answer, log) = (Arc::clone(&answer), Arc::clone(&log));
                thread::spawn(move || serve(connection.unwrap(), &*answer, &log));
            }
        });
        Server { url, seen }
    }

    /// Path and first byte of every request.
    pub fn requests(&self) -> Vec<(String, Option<usize>)> {
        self.seen.lock().unwrap().clone()
    }
}

fn serve(mut connection: TcpStream, answer: &dyn Fn(&Request) -> Reply, log: &Log) {
    let mut lines = BufReader::new(connection.try_clone().unwrap()).lines().map_while(Result::ok);
    let Some(path) = lines.next().and_then(|line| line.split(' ').nth(1).map(str::to_owned)) else { return };
    let headers: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    let header = |name: &str| {
        let of_name = headers.iter().find(|line| line.to_lowercase().starts_with(&format!("{name}: ")));
        of_name.and_then(|line| line.split_once(": ")).map(|(_, value)| value.to_owned())
    };
    let range = header("range").and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
    let earlier = {
        let mut log = log.lock().unwrap();
        log.push((path.clone(), range));
        log.len() - 1
    };
    let reply = answer(&Request { path, range, earlier, authorization: header("authorization") });
    let mut head =
        format!("HTTP/1.1 {}\r\nConnection: close\r\nContent-Length: {}\r\n", reply.status, reply.body.len());
    reply.headers.iter().for_each(|line| head.push_str(&format!("{line}\r\n")));
    let sent = &reply.body[..reply.cut_after.unwrap_or(reply.body.len())];
    let _ = connection.write_all(head.as_bytes()).and_then(|()| connection.write_all(b"\r\n"));
    let _ = connection.write_all(sent);
    if reply.stalls {
        // Until the client has had enough.
        let _ = connection.read(&mut [0]);
    }
    let _ = connection.shutdown(Shutdown::Both);
}

/// Bytes that do not repeat early and do not compress.
pub fn content(length: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..length).map(|_| next()).collect()
}

pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A manifest entry; `sources` in TOML, one `[[model.file.source]]` each.
pub fn entry(id: &str, bytes: &[u8], sources: &[String]) -> String {
    let head = format!(
        "[[model]]\nid = \"{id}\"\nkind = \"test\"\ndescription = \"a test\"\nlanguages = [\"*\"]\nlicence = \"MIT\"\n\
         [[model.file]]\nname = \"{id}.bin\"\nsize = {}\nsha256 = \"{}\"\n",
        bytes.len(),
        sha256(bytes)
    );
    sources.iter().fold(head, |text, source| format!("{text}[[model.file.source]]\n{source}\n"))
}

pub fn url(server: &Server, path: &str) -> String {
    format!("url = \"{}/{path}\"", server.url)
}

pub fn store(root: &Path, manifest: &str) -> Store {
    Store::open(root, Manifest::parse(manifest, "test.toml").unwrap())
}

/// Quick to give up, and deaf to this machine's configuration.
pub fn options() -> PullOptions {
    let wait = Duration::from_millis(1);
    PullOptions {
        jobs: 1,
        from: None,
        pip: PipConfig { indexes: vec!["http://127.0.0.1:1".to_owned()], certificates: None, proxy: Proxy::None },
        retry: Retry { attempts: 3, first_wait: wait, longest_wait: wait },
        stall_timeout: Duration::from_secs(20),
    }
}

/// Fetches one model.
pub fn pull(store: &Store, id: &str, options: &PullOptions) -> Result<Pulled, FetchError> {
    let mut results = store.pull(&[id.to_owned()], options, &Progress::silent()).unwrap();
    results.remove(0).1
}

/// Names of the files below a directory, locks and stamps left out.
pub fn files(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut directories = vec![root.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in directory.read_dir().into_iter().flatten().map(Result::unwrap) {
            let path: PathBuf = entry.path();
            if path.is_dir() {
                directories.push(path);
            } else if !path.ends_with(".lock") && path.parent().is_none_or(|parent| !parent.ends_with(".verified")) {
                found.push(path.strip_prefix(root).unwrap().display().to_string());
            }
        }
    }
    found.retain(|name| !name.ends_with(".lock"));
    found.sort();
    found
}

/// `models …` in a process of its own: this test binary, told to run only [`crate::a_process_of_its_own`].
pub fn models(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "a_process_of_its_own", "--ignored", "--nocapture", "--quiet"]);
    // Neither this machine's configuration nor its models may matter.
    for variable in
        ["PJSUA_AGENT_MODELS", "PJSUA_AGENT_MODELS_FILE", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"]
    {
        command.env_remove(variable);
    }
    command.env("MODELS_ARGUMENTS", arguments.join("\n"));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The body of `a_process_of_its_own`.
pub fn run_models() {
    #[derive(clap::Parser)]
    struct Cli {
        #[command(flatten)]
        models: model_store::ModelsCommand,
    }
    let Ok(arguments) = std::env::var("MODELS_ARGUMENTS") else { return };
    let cli: Cli = clap::Parser::parse_from(std::iter::once("pjsua-agent models").chain(arguments.lines()));
    let code = model_store::run(cli.models);
    assert_eq!(format!("{code:?}"), format!("{:?}", std::process::ExitCode::SUCCESS));
}
