//! PJSIP itself: upstream's own configure and make, run in a copy of the source, once per configuration.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// In the order the linker needs them: a library comes before those it uses.
pub const LIBRARIES: [&str; 12] = [
    "pjsua2",
    "pjsua",
    "pjsip-ua",
    "pjsip-simple",
    "pjsip",
    "pjmedia-codec",
    "pjmedia",
    "pjmedia-videodev",
    "pjmedia-audiodev",
    "pjnath",
    "pjlib-util",
    "pj",
];

/// Debian's tarball has no third-party code, and we want few decoders: G.711, G.722 and Opus.
const CONFIGURE: [&str; 21] = [
    "--enable-epoll",
    "--disable-sound",
    "--disable-video",
    "--enable-speex-resample",
    "--disable-speex-codec",
    "--disable-speex-aec",
    "--with-external-srtp",
    "--disable-gsm-codec",
    "--disable-l16-codec",
    "--disable-ilbc-codec",
    "--disable-g7221-codec",
    "--disable-libyuv",
    "--disable-libwebrtc",
    "--disable-libuuid",
    "--disable-upnp",
    "--disable-opencore-amr",
    "--disable-silk",
    "--disable-bcg729",
    "--disable-sdl",
    "--disable-ffmpeg",
    "--disable-v4l2",
];

/// NDEBUG: an assertion in PJSIP must not end a daemon that reads hostile input.
const CFLAGS: &str = "-O2 -g -fPIC -DNDEBUG -fno-strict-aliasing -fstack-protector-strong -D_FORTIFY_SOURCE=2 -w";

const INCLUDE_DIRS: [&str; 5] = ["pjlib", "pjlib-util", "pjnath", "pjmedia", "pjsip"];

/// The verified source, and everything of ours that goes into it.
pub struct Source {
    dir: PathBuf,
    config_site: PathBuf,
    patches: Vec<PathBuf>,
    key: String,
}

impl Source {
    pub fn find(crate_dir: &Path) -> Result<Source, String> {
        let vendor = crate_dir.join("../vendor");
        let version = pinned_version(&vendor)?;
        println!("cargo::rustc-env=PJSIP_VERSION={version}");
        let dir = vendor.join("src").join(format!("pjproject-{version}"));
        let stamp = dir.join(".verified");
        println!("cargo::rerun-if-changed={}", stamp.display());
        println!("cargo::rerun-if-env-changed=XDG_CACHE_HOME");
        let verified = fs::read_to_string(&stamp)
            .map_err(|_| format!("the PJSIP {version} source is not in vendor/src; run: vendor/fetch-pjsip"))?;

        let mut patches: Vec<PathBuf> = fs::read_dir(crate_dir.join("patches"))
            .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
            .unwrap_or_default();
        patches.retain(|path| path.extension().is_some_and(|e| e == "patch"));
        patches.sort();

        let config_site = crate_dir.join("config_site.h");
        let mut key = Fnv128::new();
        key.add(verified.as_bytes());
        key.add(CFLAGS.as_bytes());
        CONFIGURE.iter().for_each(|flag| key.add(flag.as_bytes()));
        key.add(compiler_version().as_bytes());
        key.add(std::env::var("TARGET").unwrap_or_default().as_bytes());
        for file in std::iter::once(&config_site).chain(&patches) {
            key.add(&fs::read(file).map_err(|e| format!("cannot read {}: {e}", file.display()))?);
        }
        Ok(Source { dir, config_site, patches, key: key.hex() })
    }

    /// The prefix (`include/`, `lib/`) of this configuration, built now if the cache has none.
    pub fn built(&self, out_dir: &Path) -> Result<PathBuf, String> {
        let cache = cache_dir().unwrap_or_else(|| out_dir.to_path_buf());
        let prefix = cache.join(format!("pjsip-{}", self.key));
        if prefix.join("lib").is_dir() {
            return Ok(prefix);
        }
        let work = out_dir.join("pjsip-build");
        self.copy_and_patch(&work)?;
        compile(&work)?;
        let staged = cache.join(format!(".pjsip-{}-{}", self.key, std::process::id()));
        install(&work, &staged).map_err(|e| format!("cannot write {}: {e}", staged.display()))?;
        if let Err(e) = fs::rename(&staged, &prefix) {
            // Another build of the same configuration was faster; its result is as good.
            let _ = fs::remove_dir_all(&staged);
            if !prefix.join("lib").is_dir() {
                return Err(format!("cannot create {}: {e}", prefix.display()));
            }
        }
        let _ = fs::remove_dir_all(&work);
        Ok(prefix)
    }

    fn copy_and_patch(&self, work: &Path) -> Result<(), String> {
        let _ = fs::remove_dir_all(work);
        copy_tree(&self.dir, work).map_err(|e| format!("cannot copy the PJSIP source to {}: {e}", work.display()))?;
        let fail = |e: io::Error| format!("cannot prepare the PJSIP source: {e}");
        fs::copy(&self.config_site, work.join("pjlib/include/pj/config_site.h")).map_err(fail)?;
        // Listed in upstream's makefile, left out of Debian's tarball, empty on every platform but theirs.
        fs::write(work.join("pjmedia/src/pjmedia-audiodev/bdimad_dev.c"), "").map_err(fail)?;
        for patch in &self.patches {
            let input = fs::File::open(patch).map_err(fail)?;
            run(Command::new("patch").args(["-p1", "--batch", "--fuzz=0"]).stdin(input).current_dir(work), work)
                .map_err(|e| format!("{} does not apply: {e}", patch.display()))?;
        }
        Ok(())
    }
}

fn compile(work: &Path) -> Result<(), String> {
    let jobs = std::env::var("NUM_JOBS").unwrap_or_else(|_| "2".to_owned());
    let flags = |command: &mut Command| {
        command.env("CFLAGS", CFLAGS).env("CXXFLAGS", CFLAGS).env("LC_ALL", "C");
        // Cargo's job server is not make's: the -j below is the limit.
        command.env_remove("MAKEFLAGS").env_remove("CARGO_MAKEFLAGS").current_dir(work);
    };
    let mut configure = Command::new("sh");
    configure.arg("./configure").args(CONFIGURE);
    flags(&mut configure);
    run(&mut configure, work).map_err(|e| format!("PJSIP's configure failed: {e}"))?;
    let mut make = Command::new("make");
    make.args(["-j", &jobs, "lib"]);
    flags(&mut make);
    run(&mut make, work).map_err(|e| format!("PJSIP does not compile: {e}"))
}

/// Copies headers and archives out of a finished build, the archives under names without the target.
fn install(work: &Path, prefix: &Path) -> io::Result<()> {
    let _ = fs::remove_dir_all(prefix);
    fs::create_dir_all(prefix.join("lib"))?;
    for part in INCLUDE_DIRS {
        copy_tree(&work.join(part).join("include"), &prefix.join("include"))?;
        for entry in fs::read_dir(work.join(part).join("lib"))? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let library = LIBRARIES.iter().filter(|l| name.starts_with(&format!("lib{l}-"))).max_by_key(|l| l.len());
            if let Some(library) = library {
                fs::copy(&path, prefix.join("lib").join(format!("lib{library}.a")))?;
            }
        }
    }
    Ok(())
}

fn run(command: &mut Command, work: &Path) -> Result<(), String> {
    let log = work.join("build.log");
    let output = fs::File::create(&log).and_then(|file| Ok((file.try_clone()?, file))).map_err(|e| e.to_string())?;
    let status = command.stdout(output.0).stderr(output.1).status();
    let status = status.map_err(|e| format!("cannot run {:?}: {e}", command.get_program()))?;
    if status.success() {
        return Ok(());
    }
    let text = fs::read_to_string(&log).unwrap_or_default();
    let tail: Vec<&str> = text.lines().rev().take(15).collect();
    for line in tail.iter().rev() {
        println!("cargo::warning={line}");
    }
    Err(format!("{status}, see {}", log.display()))
}

fn copy_tree(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_tree(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

fn pinned_version(vendor: &Path) -> Result<String, String> {
    let pins = fs::read_to_string(vendor.join("pins")).map_err(|e| format!("cannot read vendor/pins: {e}"))?;
    pins.lines()
        .find_map(|line| line.strip_prefix("PJSIP_VERSION="))
        .map(str::to_owned)
        .ok_or_else(|| "vendor/pins has no PJSIP_VERSION".to_owned())
}

fn cache_dir() -> Option<PathBuf> {
    let base = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")))?;
    let dir = base.join("pjsua-agent");
    let probe = dir.join(format!(".writable-{}", std::process::id()));
    fs::create_dir_all(&dir).ok()?;
    fs::write(&probe, "").ok()?;
    let _ = fs::remove_file(&probe);
    Some(dir)
}

fn compiler_version() -> String {
    let compiler = cc::Build::new().get_compiler();
    let output = Command::new(compiler.path()).arg("--version").output();
    output.map(|o| String::from_utf8_lossy(&o.stdout).lines().next().unwrap_or_default().to_owned()).unwrap_or_default()
}

/// FNV-1a, 128 bits: a name for a configuration, not a defence against anybody.
struct Fnv128(u128);

impl Fnv128 {
    fn new() -> Self {
        Self(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d)
    }

    fn add(&mut self, bytes: &[u8]) {
        let length = (bytes.len() as u64).to_le_bytes();
        for byte in length.iter().chain(bytes) {
            self.0 = (self.0 ^ u128::from(*byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
        }
    }

    fn hex(&self) -> String {
        format!("{:032x}", self.0)
    }
}
