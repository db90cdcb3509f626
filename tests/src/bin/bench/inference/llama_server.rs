//! llama.cpp's own server, of Debian, in the folder that `vendor/fetch-llama-server` made.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use tests::paths::repository;
use tests::process::{Process, tail};

use super::{Clock, Message, Model, Reply, Role};

/// How long a reply may take.
const PATIENCE: Duration = Duration::from_secs(120);

pub struct LlamaServer {
    // Ended before its model is taken away.
    _process: Process,
    address: SocketAddr,
    _model: Linked,
}

/// A file that a program in another root sees.
struct Linked(PathBuf);

impl Drop for Linked {
    fn drop(&mut self) {
        // What is left behind is a second name of a model.
        let _ = std::fs::remove_file(&self.0);
    }
}

impl LlamaServer {
    /// # Errors
    /// It is not there, or does not serve.
    pub fn start(model: &Path, calls: usize, dir: &Path) -> Result<Self> {
        std::fs::create_dir_all(dir)?;
        let root = root()?;
        let name = format!("tmp/bench-{}-{calls}.gguf", std::process::id());
        let linked = Linked(root.join(&name));
        if std::fs::hard_link(model, &linked.0).is_err() {
            std::fs::copy(model, &linked.0)?;
        }
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, loopback_ports::one()?));
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let mut command = Command::new("chroot");
        command.arg(&root).args(["/usr/bin/llama-server", "--model", &format!("/{name}")]);
        command.args(["--host", "127.0.0.1", "--port", &address.port().to_string()]);
        command.args(["--parallel", &calls.to_string(), "--ctx-size", &(2048 * calls).to_string()]);
        command.args(["--threads", &threads.to_string()]);
        let log = dir.join("llama-server.log");
        let process = Process::spawn("llama-server", command, &log)?;
        tests::until("llama-server should serve", Duration::from_secs(60), || {
            let answer = get(address, "/health").ok()?;
            answer.contains("200 OK").then_some(())
        })
        .with_context(|| tail(&log, 20))?;
        Ok(Self { _process: process, address, _model: linked })
    }
}

fn root() -> Result<PathBuf> {
    let output = Command::new(repository().join("vendor/fetch-llama-server")).output()?;
    ensure!(output.status.success(), "vendor/fetch-llama-server: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(PathBuf::from(text.lines().last().context("vendor/fetch-llama-server names no folder")?))
}

fn get(address: SocketAddr, path: &str) -> Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    Ok(line)
}

impl Model for LlamaServer {
    fn name(&self) -> &'static str {
        "llama-server"
    }

    fn reply(&self, _call: &str, messages: &[Message], tokens: u32) -> Result<Reply> {
        let body = json!({
            "messages": messages.iter().map(message).collect::<Vec<_>>(),
            "max_tokens": tokens,
            "temperature": 0.0,
            "stream": true,
            "cache_prompt": true,
        })
        .to_string();
        let mut clock = Clock::start();
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        write!(
            stream,
            "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )?;
        // Server-sent events: of the lines only those with data count, whatever chunks they came in.
        for line in BufReader::new(stream).lines() {
            let line = line?;
            let Some(data) = line.strip_prefix("data: ") else { continue };
            if data == "[DONE]" {
                break;
            }
            let event: Value = serde_json::from_str(data)?;
            if let Some(error) = event.get("error") {
                bail!("llama-server: {error}");
            }
            clock.text(event["choices"][0]["delta"]["content"].as_str().unwrap_or_default());
            if let Some(count) = event["timings"]["predicted_n"].as_u64() {
                clock.reply.tokens = u32::try_from(count)?;
            }
        }
        Ok(clock.reply)
    }
}

fn message(message: &Message) -> Value {
    let role = match message.role {
        Role::System => "system",
        Role::Agent => "assistant",
        Role::Caller => "user",
    };
    json!({ "role": role, "content": message.text })
}
