//! `[turns]`, `[hearing]`, phrases and the phrase cache.

use conversation::{OnOverlap, Settings};

use super::*;

fn turns(lines: &str) -> Settings {
    Site::new(&minimal(&format!("[turns]\n{lines}\n"))).load().expect("valid").turns.settings
}

#[test]
fn times_that_contradict_each_other_name_the_line_of_the_one_that_was_set() {
    for (lines, what) in [
        (
            "sure_silence = \"1200ms\"",
            "4: [turns] sure_silence: 1s 200ms contradicts likely_silence, 1s 50ms; allowed: at most that",
        ),
        (
            "likely_silence = \"150ms\"",
            "4: [turns] likely_silence: 150ms contradicts sure_silence, 280ms; allowed: at least that",
        ),
        ("unlikely_silence = \"3s\"", "4: [turns] unlikely_silence: 3s contradicts longest_silence"),
        ("dictation_silence = \"3s\"", "4: [turns] dictation_silence: 3s contradicts longest_silence"),
        ("endpoint_silence = \"3s\"", "4: [turns] endpoint_silence: 3s contradicts longest_silence"),
        ("likely_score = 0.95", "4: [turns] likely_score: 0.95 contradicts sure_score, 0.9; allowed: at most that"),
        ("sure_score = 0.2", "4: [turns] sure_score: 0.2 contradicts likely_score, 0.3; allowed: at least that"),
        ("first_clause_chars = 50", "4: [turns] first_clause_chars: 50 contradicts clause_chars, 40"),
        ("longest_clause_chars = 30", "4: [turns] longest_clause_chars: 30 contradicts clause_chars, 40"),
        ("sure_score = 70", "4: [turns] sure_score: 70 is out of range; allowed: 0.0 to 1.0"),
        ("duck_db = 6", "4: [turns] duck_db: 6 is out of range; allowed: -40.0 to -3.0"),
        ("on_overlap = \"stop\"", "4: [turns] on_overlap: \"stop\" is unknown; allowed: \"pause\", \"duck\""),
        ("backchannels = [\"…\"]", "4: [turns] backchannels: \"…\" holds no word"),
    ] {
        let problems = Site::new(&minimal(&format!("[turns]\n{lines}\n"))).problems();
        assert!(problems.starts_with(&format!("pjsua-agent.toml:{what}")), "{lines}: {problems}");
        assert_eq!(problems.lines().count(), 1, "{lines}: {problems}");
    }
}

#[test]
fn an_agent_that_contradicts_the_daemon_is_told_in_its_own_file_and_only_there() {
    let agent = "greeting = \"Hello\"\n[turns]\nsure_silence = \"1200ms\"\n";
    let problems = Site::with_agent(&minimal(""), agent).problems();
    assert_eq!(
        problems,
        "agents/demo.toml:3: [turns] sure_silence: 1s 200ms contradicts likely_silence, 1s 50ms; allowed: at most that"
    );
    let site = Site::with_agent(&minimal("[turns]\nsure_silence = \"1200ms\"\n"), "greeting = \"Hello\"\n");
    assert!(site.problems().starts_with("pjsua-agent.toml:4: "), "{}", site.problems());
    assert_eq!(site.problems().lines().count(), 1);
}

#[test]
fn scores_are_written_as_probabilities() {
    let settings = turns("sure_score = 0.85\nlikely_score = 0.125");
    assert_eq!((settings.endpointing.sure_score, settings.endpointing.likely_score), (850, 125));
}

#[test]
fn every_technique_can_be_switched_off() {
    let settings = turns("second_vad = false\nend_of_turn_score = false\nspeculation = false\non_overlap = \"duck\"");
    assert!(!settings.confirmed_speech && !settings.endpointing.scored_endpoints && !settings.endpointing.speculation);
    assert_eq!(settings.overlap.on_overlap, OnOverlap::Duck);
    let tts = Site::new(&minimal("[tts]\nphrase_cache = false\n")).load().expect("valid").tts;
    assert_eq!(tts.phrase_cache, None);
}

#[test]
fn each_time_reaches_the_machine_under_its_own_name() {
    let defaults = serde_json::to_value(Settings::default()).expect("settings");
    let mut set = 0;
    for line in key_lines(DAEMON_FILE).into_iter().filter(|line| line.commented) {
        let name = if line.key == "max_call" { "max_call_duration" } else { &line.key };
        let Some(default) = defaults.get(name).and_then(serde_json::Value::as_u64) else { continue };
        let Ok(written) = humantime::parse_duration(line.value.trim_matches('"')) else { continue };
        assert_eq!(u128::from(default), written.as_micros(), "{line:?}");
        // A microsecond more than the default keeps every order between the keys.
        let more = format!("{} = \"{}us\"", line.key, default + 1);
        let changed = serde_json::to_value(turns(&more)).expect("settings");
        assert_eq!(changed[name], default + 1, "{more}");
        set += 1;
    }
    assert!(set >= 25, "{set}");
}

#[test]
fn the_phrases_of_the_documented_agent_are_the_built_in_ones() {
    let built_in = serde_json::to_value(Settings::default()).expect("settings");
    let phrases = AGENT_FILE.split("[phrases]").nth(1).and_then(|rest| rest.split("\n[").next()).expect("phrases");
    let mut compared = 0;
    for line in key_lines(phrases).into_iter().filter(|line| line.key != "notice") {
        let text = format!("value = {}", line.value);
        let table: toml::Table = text.parse().expect("a line of TOML");
        assert_eq!(serde_json::to_value(&table["value"]).expect("text"), built_in[&line.key], "{line:?}");
        compared += 1;
    }
    assert_eq!(compared, 13);
}

#[test]
fn an_agent_may_have_no_fillers_and_a_notice() {
    let agent = "greeting = \"Hello\"\n[phrases]\nfillers = []\nnotice = \"Recorded.\"\n";
    let config = Site::with_agent(&minimal(""), agent).load().expect("valid");
    let phrases = &config.agents["demo"].phrases;
    assert!(phrases.fillers.is_empty());
    assert_eq!(phrases.notice, "Recorded.");
    assert_eq!(phrases.question_fillers, Settings::default().phrases.question_fillers);
}

#[test]
fn a_model_that_listens_is_the_stores_or_a_file_or_off() {
    let hearing = |lines: &str| {
        let site = Site::new(&minimal(&format!("[hearing]\n{lines}\n")));
        site.write("vad.onnx", "");
        let config = site.load().expect("valid");
        (config.hearing, site.path("vad.onnx"))
    };
    assert_eq!(hearing("").0.vad_model, ModelFile::Store);
    assert_eq!(hearing("vad_model = \"off\"").0.vad_model, ModelFile::Off);
    let (named, file) = hearing("vad_model = \"vad.onnx\"");
    assert_eq!(named.vad_model, ModelFile::Path(file));
    let problems = Site::new(&minimal("[hearing]\nvad_model = \"none.onnx\"\n")).problems();
    assert!(problems.contains("pjsua-agent.toml:4: [hearing] vad_model: none.onnx cannot be used"), "{problems}");
    assert!(problems.ends_with("or \"off\""), "{problems}");
}

#[test]
fn noise_suppression_is_off_unless_an_account_wants_it() {
    let account = format!("{ACCOUNT}password = \"x\"\n");
    assert!(!Site::new(&minimal(&account)).load().expect("valid").accounts[0].noise_suppression);
    let config = Site::new(&minimal(&format!("{account}noise_suppression = true\n"))).load().expect("valid");
    assert!(config.accounts[0].noise_suppression && !config.sip.direct_noise_suppression);
}

#[test]
fn the_phrase_cache_lies_where_caches_belong() {
    let mut site = Site::new(&minimal(""));
    let dir = |site: &Site| site.load().expect("valid").tts.phrase_cache.and_then(|cache| cache.dir);
    site.variables = vec![("HOME", "/home/me")];
    assert_eq!(dir(&site), Some("/home/me/.cache/pjsua-agent/phrases".into()));
    site.variables.push(("XDG_CACHE_HOME", "/caches"));
    assert_eq!(dir(&site), Some("/caches/pjsua-agent/phrases".into()));
    site.variables.push(("CACHE_DIRECTORY", "/var/cache/pjsua-agent:/var/cache/other"));
    assert_eq!(dir(&site), Some("/var/cache/pjsua-agent/phrases".into()));
    site.write("pjsua-agent.toml", &minimal("[tts]\ncache = \"off\"\ncache_size = \"2 GiB\"\n"));
    let cache = site.load().expect("valid").tts.phrase_cache.expect("memory only");
    assert_eq!((cache.dir, cache.disk_bytes), (None, 2 << 30));
    for (size, what) in [("\"5\"", "is not a size"), ("\"1KiB\"", "is out of range"), ("256", "is an integer")] {
        site.write("pjsua-agent.toml", &minimal(&format!("[tts]\ncache_size = {size}\n")));
        assert!(site.problems().contains(what), "{size}: {}", site.problems());
        assert!(site.problems().ends_with("1MiB to 1024GiB"), "{}", site.problems());
    }
}

#[test]
fn a_pre_response_needs_a_small_model() {
    let agent = "greeting = \"Hello\"\n[pre_response]\nenabled = true\n";
    let problems = Site::with_agent(&minimal(""), agent).problems();
    assert!(problems.starts_with("agents/demo.toml:3: [pre_response] enabled: there is no small model"), "{problems}");
    let config = Site::with_agent(&minimal("[llm_small]\nengine = \"rules\"\n"), agent).load().expect("valid");
    assert_eq!(config.llm_small.map(|small| (small.engine, small.max_tokens)), Some((LlmEngine::Rules, 24)));
    assert!(config.agents["demo"].pre_response.is_some());
    assert!(
        Site::new(&minimal("[llm_small]\nengine = \"llama\"\n")).problems().contains("[llm_small] model: is missing")
    );
}
