//! The documented files themselves are the test material: what they say about the keys is held against the reader.

mod turns;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::*;

const DAEMON_FILE: &str = include_str!("../../../conf/pjsua-agent.toml");
const AGENT_FILE: &str = include_str!("../../../conf/agents/demo.toml");

/// Keys whose commented value is an example and not the default; its file or address need not exist here.
const EXAMPLES: [&str; 19] = [
    "public_address",
    "password_file",
    "realm",
    "command",
    "address",
    "model",
    "quick_model",
    "threads",
    "gpu_layers",
    "capacity",
    "context",
    "language",
    "onnxruntime",
    "vad_model",
    "end_of_turn_model",
    "backchannels",
    "cache",
    "runtime_dir",
    "target",
];

/// Keys whose example is a file, which is not there.
const FILES: [&str; 7] =
    ["command", "model", "quick_model", "onnxruntime", "vad_model", "end_of_turn_model", "password_file"];

/// A configuration in a folder of its own, which goes with it.
struct Site {
    folder: tempfile::TempDir,
    variables: Vec<(&'static str, &'static str)>,
}

impl Site {
    fn new(daemon: &str) -> Site {
        Site::with_agent(daemon, AGENT_FILE)
    }

    fn with_agent(daemon: &str, agent: &str) -> Site {
        let site = Site { folder: tempfile::tempdir().expect("a folder"), variables: Vec::new() };
        fs::create_dir(site.path("agents")).expect("a folder");
        site.write("pjsua-agent.toml", daemon);
        site.write("agents/demo.toml", agent);
        site
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("a file");
    }

    fn load(&self) -> Result<Config, ConfigError> {
        let variable =
            |name: &str| self.variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        Config::load_with(&self.path("pjsua-agent.toml"), &variable)
    }

    /// The problems, one a line, without the folder.
    fn problems(&self) -> String {
        let error = self.load().expect_err("the configuration is wrong").to_string();
        error.replace(&format!("{}/", self.folder.path().display()), "")
    }
}

fn minimal(more: &str) -> String {
    format!("[sip]\nlisten = [\"udp://127.0.0.1:5080\"]\n{more}")
}

const ACCOUNT: &str = r#"
[[account]]
name = "front-desk"
aor = "sip:agent@127.0.0.1"
registrar = "sip:127.0.0.1"
username = "agent"
agent = "demo"
"#;

/// A line `key = …` or `# key = …` of a documented file, with the lines of a value that goes on.
#[derive(Debug)]
struct KeyLine {
    /// Counted from 0
    index: usize,
    key: String,
    value: String,
    commented: bool,
}

fn key_lines(file: &str) -> Vec<KeyLine> {
    let mut inside_text = false;
    let mut lines = Vec::new();
    for (index, line) in file.lines().enumerate() {
        let quotes = line.matches("\"\"\"").count();
        let was_inside = inside_text;
        inside_text ^= quotes % 2 == 1;
        let (commented, bare) = line.strip_prefix("# ").map_or((false, line), |bare| (true, bare));
        if let Some((key, value)) = bare.split_once(" = ")
            && !was_inside
            && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        {
            lines.push(KeyLine { index, key: key.to_owned(), value: value.to_owned(), commented });
        }
    }
    lines
}

/// `file` with the line at `index` replaced.
fn with_line(file: &str, index: usize, new: &str) -> String {
    let mut lines: Vec<&str> = file.lines().collect();
    lines[index] = new;
    lines.join("\n")
}

fn misspelt(key: &str) -> String {
    let middle = key.len() / 2;
    format!("{}{}", &key[..middle], &key[middle + 1..])
}

#[test]
fn the_documented_configuration_loads_as_it_is() {
    let site = Site::new(DAEMON_FILE);
    let config = site.load().expect("valid");
    assert_eq!(config.warnings, []);
    assert_eq!(config.sip.direct_agent.as_deref(), Some("demo"));
    assert_eq!(config.accounts[0].password.reveal(), "secret");
    assert!(!config.accounts[0].enabled);
    assert_eq!(config.journal.as_ref().map(|journal| journal.dir.clone()), Some(site.path("journal")));
    assert_eq!(config.agents.keys().collect::<Vec<_>>(), ["demo"]);
}

#[test]
fn every_commented_key_can_be_uncommented_and_shows_its_default() {
    for line in key_lines(DAEMON_FILE).into_iter().filter(|line| line.commented) {
        let uncommented = with_line(DAEMON_FILE, line.index, &format!("{} = {}", line.key, line.value));
        let site = Site::new(&uncommented);
        // Only the files that examples name may be missing.
        if FILES.contains(&line.key.as_str()) {
            let problems = site.load().map(drop).map_err(|error| error.to_string());
            assert!(
                problems.as_ref().err().is_none_or(|text| text.contains("cannot be used")),
                "{line:?}: {problems:?}"
            );
            continue;
        }
        let config = site.load().unwrap_or_else(|error| panic!("{line:?}: {error}"));
        if !EXAMPLES.contains(&line.key.as_str()) {
            site.write("pjsua-agent.toml", DAEMON_FILE);
            assert_eq!(config, site.load().expect("valid"), "{line:?} is not the default");
        }
    }
    // The agents of other languages are not there.
    let is_on_its_own = |line: &KeyLine| line.commented && line.key != "other_languages";
    for line in key_lines(AGENT_FILE).into_iter().filter(is_on_its_own) {
        let uncommented = with_line(AGENT_FILE, line.index, &format!("{} = {}", line.key, line.value));
        Site::with_agent(DAEMON_FILE, &uncommented).load().unwrap_or_else(|error| panic!("{line:?}: {error}"));
    }
}

#[test]
fn all_commented_keys_can_be_uncommented_together() {
    let mut daemon: Vec<String> = DAEMON_FILE.lines().map(str::to_owned).collect();
    for line in key_lines(DAEMON_FILE).into_iter().filter(|line| line.commented) {
        if !FILES.contains(&line.key.as_str()) {
            daemon[line.index] = format!("{} = {}", line.key, line.value);
        }
    }
    Site::new(&daemon.join("\n")).load().expect("valid");
}

#[test]
fn a_misspelt_key_names_its_line_and_the_right_key() {
    for (file, text) in [("pjsua-agent.toml", DAEMON_FILE), ("agents/demo.toml", AGENT_FILE)] {
        for line in key_lines(text) {
            let wrong = misspelt(&line.key);
            let changed = with_line(text, line.index, &format!("{wrong} = {}", line.value));
            let site = match file {
                "pjsua-agent.toml" => Site::new(&changed),
                _ => Site::with_agent(DAEMON_FILE, &changed),
            };
            let problems = site.problems();
            let place = format!("{file}:{}: ", line.index + 1);
            let named = problems.lines().any(|problem| {
                problem.starts_with(&place)
                    && problem.contains(&format!("{wrong}: unknown"))
                    && problem.contains(&format!("did you mean “{}”?", line.key))
            });
            assert!(named, "{line:?} as {wrong}: {problems}");
        }
    }
}

#[test]
fn a_misspelt_section_names_its_line() {
    for (file, text) in [("pjsua-agent.toml", DAEMON_FILE), ("agents/demo.toml", AGENT_FILE)] {
        for (index, line) in text.lines().enumerate().filter(|(_, line)| line.starts_with('[')) {
            let name = line.trim_matches(['[', ']']);
            let changed = with_line(text, index, &line.replace(name, &misspelt(name)));
            let site = match file {
                "pjsua-agent.toml" => Site::new(&changed),
                _ => Site::with_agent(DAEMON_FILE, &changed),
            };
            let problems = site.problems();
            let place = format!("{file}:{}: ", index + 1);
            assert!(problems.lines().any(|problem| problem.starts_with(&place)), "{line}: {problems}");
        }
    }
}

#[test]
fn a_value_of_the_wrong_type_names_its_line_and_what_is_allowed() {
    for (file, text) in [("pjsua-agent.toml", DAEMON_FILE), ("agents/demo.toml", AGENT_FILE)] {
        for line in key_lines(text).into_iter().filter(|line| !line.value.ends_with("\"\"\"") && line.value != "[") {
            let changed = with_line(text, line.index, &format!("{} = 1979-05-27", line.key));
            let site = match file {
                "pjsua-agent.toml" => Site::new(&changed),
                _ => Site::with_agent(DAEMON_FILE, &changed),
            };
            let problems = site.problems();
            let place = format!("{file}:{}: ", line.index + 1);
            let named = problems.lines().any(|problem| {
                problem.starts_with(&place) && problem.contains(&line.key) && problem.contains("allowed: ")
            });
            assert!(named, "{line:?}: {problems}");
        }
    }
}

#[test]
fn every_key_that_is_read_is_documented() {
    let documented = |file| key_lines(file).into_iter().map(|line| line.key).collect::<Vec<_>>();
    let (daemon, agent) = (documented(DAEMON_FILE), documented(AGENT_FILE));
    let site = Site::new(DAEMON_FILE);
    let report = Report::default();
    read(&site.path("pjsua-agent.toml"), &|_| None, &report).expect("valid");
    let keys = report.known_keys();
    assert!(keys.len() > 80, "{keys:?}");
    for place in keys {
        let key = place.rsplit(' ').next().expect("a key").to_owned();
        let is_section = ["[sip] direct"].contains(&place.as_str()) || !place.contains(' ');
        // An agent's [turns] are documented by the daemon's.
        assert!(is_section || daemon.contains(&key) || agent.contains(&key), "{place} is not documented");
    }
}

#[test]
fn a_minimal_configuration_has_the_defaults() {
    let config = Site::new(&minimal("")).load().expect("valid");
    assert_eq!(config.sip.codecs, [Codec::Opus, Codec::G722, Codec::Pcmu, Codec::Pcma]);
    assert_eq!(
        (config.stt.engine, config.llm.engine, config.tts.engine),
        (SttEngine::Pocketsphinx, LlmEngine::Rules, TtsEngine::Flite)
    );
    assert_eq!(config.stt.workers, Workers::Local { command: None, count: 1 });
    assert_eq!(config.turns, Turns::default());
    assert_eq!(config.journal, None);
    assert_eq!(config.api.listen, Some("127.0.0.1:8088".parse().expect("a socket")));
    assert_eq!(config.log, Log { target: LogTarget::Stderr, format: LogFormat::Text, level: tracing::Level::INFO });
    assert!(config.warnings[0].message.contains("no call can arrive"), "{:?}", config.warnings);
}

#[test]
fn a_model_can_be_given_to_a_gpu_and_a_smaller_cache() {
    let read = |keys: &str| Site::new(&minimal(&format!("[llm]\n{keys}")));
    let llm = read("gpu_layers = 20\nkv_cache = \"q8_0\"\n").load().expect("valid").llm;
    assert_eq!((llm.gpu_layers, llm.kv_cache), (Some(20), KvCache::Q8_0));
    let llm = read("").load().expect("valid").llm;
    assert_eq!((llm.gpu_layers, llm.kv_cache), (None, KvCache::F16));
    let problems = read("gpu_layers = -1\nkv_cache = \"q4_0\"\n").problems();
    assert!(problems.contains("[llm] gpu_layers: -1 is out of range; allowed: 0 to 1000"), "{problems}");
    assert!(problems.contains("[llm] kv_cache: \"q4_0\" is unknown"), "{problems}");
}

#[test]
fn all_problems_of_all_files_are_reported_at_once_in_the_order_of_their_lines() {
    let daemon = "[sip]\nlisten = [\"tls://1.2.3.4:5061\", \"udp://nowhere\"]\nmax_calls = 0\ncodecs = [\n  \"opus\",\n  \"G729\",\n]\n\
                  [turns]\nendpoint_silence = 500\nreply_timeout = \"6 parsecs\"\n[colour]\n";
    let site = Site::with_agent(daemon, "greting = \"Hello\"\n[[rule]]\nmatch = [\"bye\"]\nhangup = 1\n");
    let expected = "\
        pjsua-agent.toml:2: [sip] listen: \"tls://1.2.3.4:5061\" asks for TLS, which is not supported yet; allowed: udp://ADDRESS:PORT or tcp://ADDRESS:PORT, ADDRESS an IP address\n\
        pjsua-agent.toml:2: [sip] listen: \"udp://nowhere\" is not a socket address; allowed: udp://ADDRESS:PORT or tcp://ADDRESS:PORT, ADDRESS an IP address\n\
        pjsua-agent.toml:3: [sip] max_calls: 0 is out of range; allowed: 1 to 1000\n\
        pjsua-agent.toml:6: [sip] codecs: \"G729\" is unknown, did you mean \"G722\"?; allowed: \"opus\", \"G722\", \"PCMU\", \"PCMA\"\n\
        pjsua-agent.toml:9: [turns] endpoint_silence: 500 has no unit; allowed: \"500ms\", \"30s\", …: 100ms to 5s\n\
        pjsua-agent.toml:10: [turns] reply_timeout: \"6 parsecs\" is not a duration (unknown time unit \"parsecs\", supported units: ns, us/µs, ms, sec, min, hours, days, weeks, months, years (and few variations)); allowed: 500ms to 1m\n\
        pjsua-agent.toml:11: colour: unknown; allowed: turns, tts, llm_small, stt, agents, sip, account, llm, vad, hearing, api, journal, daemon, log\n\
        agents/demo.toml:1: greting: unknown, did you mean “greeting”?; allowed: name, greeting, prompt, language, other_languages, spoken_style, vocabulary, human, voice, fallback, phrases, turns, pre_response, rule\n\
        agents/demo.toml:2: [[rule]] say: is missing\n\
        agents/demo.toml:4: [[rule]] hangup: 1 is an integer; allowed: true, false";
    assert_eq!(site.problems(), expected);
}

#[test]
fn a_file_that_is_not_toml_names_the_lines_and_nothing_else() {
    let problems = Site::new("[sip]\nlisten = [\"udp://127.0.0.1:5080\"\nmax_calls 3\n").problems();
    assert!(problems.lines().all(|problem| problem.starts_with("pjsua-agent.toml:")), "{problems}");
    let site = Site::new(&minimal("max_calls = 3\nmax_calls = 4\n"));
    assert!(site.problems().starts_with("pjsua-agent.toml:4: duplicate key"), "{}", site.problems());
    fs::write(site.path("pjsua-agent.toml"), b"[sip]\n# caf\xe9\n").expect("a file");
    assert_eq!(site.problems(), "pjsua-agent.toml:2: is not UTF-8; save the file in that encoding");
}

#[test]
fn a_missing_file_or_folder_is_named() {
    let site = Site::new(&minimal("[agents]\ndir = \"staff\"\n[llm]\nengine = \"llama\"\nmodel = \"small.gguf\"\n"));
    let problems = site.problems();
    assert!(problems.contains("pjsua-agent.toml:4: [agents] dir: staff cannot be read: No such file"), "{problems}");
    assert!(
        problems
            .contains("pjsua-agent.toml:7: [llm] model: “small.gguf” is neither a file here nor a model of the store"),
        "{problems}"
    );
    fs::create_dir(site.path("staff")).expect("a folder");
    assert!(site.problems().contains("[agents] dir: staff holds no agent"), "{}", site.problems());
    fs::remove_file(site.path("pjsua-agent.toml")).expect("it is there");
    assert!(site.problems().starts_with("pjsua-agent.toml: cannot be read: No such file"), "{}", site.problems());
}

#[test]
fn a_model_is_a_path_or_an_id_of_the_store_and_of_the_right_kind() {
    let problems =
        |model: &str| Site::new(&minimal(&format!("[llm]\nengine = \"llama\"\nmodel = \"{model}\"\n"))).problems();
    let site = Site::new(&minimal("[llm]\nengine = \"llama\"\nmodel = \"here.gguf\"\n"));
    fs::write(site.path("here.gguf"), "").expect("a file");
    assert!(site.load().is_ok());
    assert!(problems("./gone.gguf").contains("gone.gguf cannot be used: No such file"));
    assert!(problems("qwen2.5-0.5").contains("did you mean “qwen2.5-0.5b”?"), "{}", problems("qwen2.5-0.5"));
    let wrong = problems("whisper-tiny.en");
    assert!(wrong.contains("is a model of the kind stt; allowed: \"smollm2-135m\""), "{wrong}");
}

#[test]
fn a_vocabulary_holds_words_and_not_too_many() {
    let site = |vocabulary: &str| {
        Site::with_agent(&minimal(""), &format!("greeting = \"Hello\"\nvocabulary = {vocabulary}\n"))
    };
    let config = site("[\"blue teapot\", \"Kingfisher\"]").load().expect("it is good");
    assert_eq!(config.agents["demo"].vocabulary, ["blue teapot", "Kingfisher"]);
    let problems = site("[\"teapot\", \"?!\"]").problems();
    assert!(problems.starts_with("agents/demo.toml:2: vocabulary: \"?!\" holds no word"), "{problems}");
    let problems = site(&format!("[\"{}\"]", "teapot ".repeat(60))).problems();
    assert!(
        problems.starts_with("agents/demo.toml:2: vocabulary: holds 420 letters; allowed: up to 400"),
        "{problems}"
    );
}

#[test]
fn agents_of_other_languages_are_there_and_speak_one_each() {
    const WHISPER: &str = "[stt]\nengine = \"whisper\"\nmodel = \"./ggml-base.bin\"\n";
    let site = |stt: &str, others: &str| {
        let agent = format!("greeting = \"Hello\"\nlanguage = \"en-GB\"\nother_languages = {others}\n");
        let site = Site::with_agent(&minimal(stt), &agent);
        for (name, language) in [("accueil", "fr"), ("accueil-belge", "fr-BE"), ("night", "en")] {
            let text = format!("greeting = \"Allô\"\nlanguage = \"{language}\"\n");
            site.write(&format!("agents/{name}.toml"), &text);
        }
        site.write("ggml-base.bin", "");
        site.write("ggml-tiny.en.bin", "");
        site
    };
    let config = site(WHISPER, "[\"accueil\"]").load().expect("it is good");
    assert_eq!(config.agents["demo"].other_languages, ["accueil"]);
    let problems = |others| site(WHISPER, others).problems();
    let gone = problems("[\"acueil\"]");
    assert!(
        gone.starts_with("agents/demo.toml:3: other_languages: there is no agent “acueil”, did you mean “accueil”?"),
        "{gone}"
    );
    let twice = problems("[\"accueil\", \"accueil-belge\"]");
    assert!(twice.contains("“accueil-belge” speaks “fr” as well; allowed: one agent for each language"), "{twice}");
    assert!(problems("[\"night\"]").contains("“night” speaks “en” as well"));
    let deaf = site("", "[\"accueil\"]").problems();
    assert!(deaf.contains("pocketsphinx knows one language; allowed: with a Whisper model of many"), "{deaf}");
    let english = site(&WHISPER.replace("base", "tiny.en"), "[\"accueil\"]").problems();
    assert!(english.contains("the model of [stt] knows English only"), "{english}");
}

#[test]
fn an_agent_that_does_not_exist_names_the_line_that_asks_for_it() {
    let problems = Site::new(
        &minimal(&format!("[sip.direct]\nagent = \"deno\"\n{ACCOUNT}password = \"x\"\n"))
            .replace("agent = \"demo\"", "agent = \"sales\""),
    )
    .problems();
    assert_eq!(
        problems,
        "pjsua-agent.toml:4: [sip.direct] agent: there is no agent “deno”, did you mean “demo”?; allowed: demo\n\
         pjsua-agent.toml:11: [[account]] agent: there is no agent “sales”; allowed: demo"
    );
}

#[test]
fn names_are_unique() {
    let twin = ACCOUNT.replace("front-desk", "Front_Desk");
    let site = Site::new(&minimal(&format!("{ACCOUNT}password = \"x\"\n{twin}password = \"x\"\n")));
    assert_eq!(
        site.problems(),
        "pjsua-agent.toml:13: [[account]] name: “Front_Desk” is the name of another account, too; allowed: a name of its own"
    );
    let site = Site::new(DAEMON_FILE);
    site.write("agents/other.toml", "name = \"demo\"\ngreeting = \"Hello\"\n");
    assert!(
        site.problems().starts_with("agents/other.toml:1: name: “demo” is the name of another agent"),
        "{}",
        site.problems()
    );
}

#[test]
fn a_password_comes_from_the_environment_or_a_file_or_the_configuration() {
    let mut site = Site::new(&minimal(&format!("{ACCOUNT}password_file = \"secret\"\n")));
    site.write("secret", "  from the file\r\n");
    let config = site.load().expect("valid");
    assert_eq!(config.accounts[0].password.reveal(), "  from the file");
    assert!(config.warnings[0].to_string().contains("everyone on this machine may read"), "{:?}", config.warnings);
    site.variables.push(("PJSUA_AGENT_PASSWORD_FRONT_DESK", "from the environment"));
    assert_eq!(site.load().expect("valid").accounts[0].password.reveal(), "from the environment");

    site.write("pjsua-agent.toml", &minimal(ACCOUNT));
    assert_eq!(site.load().expect("valid").accounts[0].password.reveal(), "from the environment");
    site.variables.clear();
    let problems = site.problems();
    assert!(problems.contains("pjsua-agent.toml:4: [[account]] password: is missing"), "{problems}");
    assert!(problems.contains("PJSUA_AGENT_PASSWORD_FRONT_DESK"), "{problems}");

    site.write("pjsua-agent.toml", &minimal(&format!("{ACCOUNT}password = \"x\"\npassword_file = \"secret\"\n")));
    assert!(site.problems().contains("[[account]] password_file: stands beside password"), "{}", site.problems());
}

#[test]
fn a_password_is_shown_neither_by_a_problem_nor_by_debug() {
    let site = Site::new(&minimal(&format!("{ACCOUNT}password = 8675309\n")));
    assert!(!site.problems().contains("8675309"), "{}", site.problems());
    let site = Site::new(&minimal(&format!("{ACCOUNT}password = \"8675309\"\n")));
    assert!(!format!("{:?}", site.load().expect("valid")).contains("8675309"));
}

#[test]
fn contradictions_are_refused() {
    for (lines, what) in [
        ("[turns]\nbarge_in_confirm = \"600ms\"", "[turns] barge_in_confirm: 600ms contradicts overlap_limit, 500ms"),
        ("retry_min = \"1m\"", "[sip] retry_max: is shorter than retry_min"),
        ("[daemon]\nbusy_from = \"2s\"", "[daemon] refuse_from: is shorter than busy_from"),
        ("rtp_ports = [20000, 20009]", "[sip] rtp_ports: has ports for 5 calls, but max_calls is 100"),
        ("rtp_ports = [20009, 20000]", "[sip] rtp_ports: [20009, 20000] is not a range"),
        ("[stt]\nengine = \"whisper\"", "[stt] model: is missing"),
        ("[stt]\nlanguage = \"de\"", "[stt] language: pocketsphinx brings only English along"),
        ("[llm]\nengine = \"llama\"", "[llm] model: is missing"),
        ("[tts]\nengine = \"piper\"", "[tts] model: is missing"),
        ("[tts]\nvoice = \"bob\"", "[tts] voice: “bob” is not a voice of flite"),
        ("[api]\nlisten = \"0.0.0.0:8088\"", "[api] listen: \"0.0.0.0:8088\" is open to others"),
        ("[llm]\naddress = [\"ftp://x\"]", "[llm] address: \"ftp://x\" is not a worker's address"),
    ] {
        let problems = Site::new(&minimal(&format!("{lines}\n"))).problems();
        assert!(problems.contains(what), "{lines}: {problems}");
    }
}

#[test]
fn a_remote_stage_needs_no_model() {
    let more = "[stt]\nengine = \"whisper\"\naddress = [\"http://192.0.2.10:7001\", \"unix:/run/stt.sock\"]\n";
    let config = Site::new(&minimal(more)).load().expect("valid");
    assert_eq!(config.stt.workers, Workers::Remote(vec!["http://192.0.2.10:7001".into(), "unix:/run/stt.sock".into()]));
}

#[test]
fn an_agent_overrides_the_timing_of_the_daemon() {
    let agent = "greeting = \"Hello\"\n[turns]\nno_input_after = \"20s\"\n";
    let config = Site::with_agent(&minimal("[turns]\nendpoint_silence = \"700ms\"\n"), agent).load().expect("valid");
    let turns = &config.agents["demo"].turns.settings;
    assert_eq!(
        (turns.endpointing.endpoint_silence, turns.prompting.no_input_after),
        (Duration::from_millis(700), Duration::from_secs(20))
    );
    assert_eq!(config.turns.settings.prompting.no_input_after, Duration::from_secs(7));
}

#[test]
fn rules_that_cannot_work_are_refused() {
    for (rule, what) in [
        ("match = []\nsay = \"x\"", "[[rule]] match: has 0 elements"),
        ("match = [\"…\"]\nsay = \"x\"", "[[rule]] match: \"…\" holds no word"),
        ("match = [\"a\"]", "[[rule]] say: is missing"),
        ("match = [\"a\"]\ntransfer = true", "[[rule]] transfer: there is nobody to transfer to"),
        ("match = [\"a\"]\nsay = \"{slot}\"", "[[rule]] say: {slot} is never filled"),
        ("match = [\"a\"]\nsay = \"x\"\nslot = \"digits\"", "[[rule]] slot: the number may be missing"),
        ("match = [\"a\"]\nsay = \"x\"\nask = \"y\"", "[[rule]] ask: there is nothing to ask for"),
        ("match = [\"a\"]\nsay = \"x\"\nslot = \"colour\"", "[[rule]] slot: \"colour\" is unknown"),
    ] {
        let problems = Site::with_agent(&minimal(""), &format!("greeting = \"Hello\"\n[[rule]]\n{rule}\n")).problems();
        assert!(problems.contains(what), "{rule}: {problems}");
    }
}

#[test]
fn a_phrase_of_an_earlier_rule_is_a_warning() {
    let rule = "[[rule]]\nmatch = [\"Good bye!\"]\nsay = \"x\"\n[[rule]]\nmatch = [\"good bye\"]\nsay = \"y\"\n";
    let config = Site::with_agent(&minimal(""), &format!("greeting = \"Hello\"\n{rule}")).load().expect("valid");
    assert!(config.warnings.iter().any(|warning| warning.line == Some(6)), "{:?}", config.warnings);
}

#[test]
fn the_runtime_folder_comes_from_systemd_or_the_user_session() {
    let mut site = Site::new(&minimal(""));
    site.variables = vec![("XDG_RUNTIME_DIR", "/run/user/7")];
    assert_eq!(site.load().expect("valid").daemon.runtime_dir, Path::new("/run/user/7/pjsua-agent"));
    site.variables.push(("RUNTIME_DIRECTORY", "/run/pjsua-agent:/run/other"));
    assert_eq!(site.load().expect("valid").daemon.runtime_dir, Path::new("/run/pjsua-agent"));
    site.write("pjsua-agent.toml", &minimal(&format!("[daemon]\nruntime_dir = \"/{}\"\n", "x".repeat(100))));
    assert!(site.problems().contains("is too long for sockets"), "{}", site.problems());
}

#[test]
fn a_configuration_of_noise_is_refused_without_a_panic() {
    for noise in [
        "\0",
        "[[sip]]",
        "sip = 3",
        "[account]\nname = 1",
        "[sip]\nlisten = {}",
        "[[sip.direct]]",
        "=",
        "[a]\n[a]",
        "stt.engine.x = 1",
    ] {
        assert!(Site::new(noise).load().is_err(), "{noise:?}");
        assert!(Site::with_agent(DAEMON_FILE, noise).load().is_err(), "{noise:?}");
    }
}
