//! The agent's own voice comes back with the caller's: it is not the caller.

mod common;

use std::sync::LazyLock;
use std::time::Duration;

use common::{FRAME, events, mix, ms, noise, rms_dbfs, scale, speak};
use media::{AudioEvent, AudioSettings, CallAudio, FRAME_SAMPLES, SILENCE, call_audio};

/// What an agent says while it explains something: some seconds, with its pauses.
const ANSWERS: [&str; 3] = [
    "Our opening hours on Saturday are from ten in the morning until four in the afternoon. On Sundays we are closed.",
    "Your order was shipped yesterday. It should arrive on Thursday before noon, and the driver will call you first.",
    "You can pay by card, by invoice or on delivery. Please note that deliveries outside the country take a week.",
];

/// About half a minute of each voice, as loud as asked for.
fn agent(voice: &str, dbfs: f32) -> Vec<i16> {
    let answers = ANSWERS.map(|text| [speak(voice, text, dbfs, false), vec![0; ms(900)]].concat());
    scale(&answers.concat(), dbfs)
}

/// How the agent's voice comes back.
#[derive(Clone, Copy, Debug)]
struct EchoPath {
    delay_ms: usize,
    gain_db: f32,
    /// A telephone's band, which a flat path is not limited to.
    is_narrow: bool,
}

/// One at −25 dB.
fn echo(delay_ms: usize) -> EchoPath {
    EchoPath { delay_ms, gain_db: -25.0, is_narrow: false }
}

impl EchoPath {
    fn apply(&self, played: &[i16]) -> Vec<i16> {
        let mut echo = vec![0; ms(self.delay_ms)];
        echo.extend(if self.is_narrow { telephone_band(played) } else { played.to_vec() });
        echo.truncate(played.len());
        let gain = 10f32.powf(self.gain_db / 20.0);
        echo.iter().map(|&sample| (f32::from(sample) * gain) as i16).collect()
    }
}

/// Second-order Butterworth filters at 300 and 3,400 Hz.
fn telephone_band(signal: &[i16]) -> Vec<i16> {
    let coefficients = |hz: f32, is_high_pass: bool| {
        let k = (std::f32::consts::PI * hz / 16_000.0).tan();
        let norm = 1.0 / (1.0 + std::f32::consts::SQRT_2 * k + k * k);
        let b0 = if is_high_pass { norm } else { k * k * norm };
        let b1 = if is_high_pass { -2.0 * b0 } else { 2.0 * b0 };
        (b0, b1, 2.0 * (k * k - 1.0) * norm, (1.0 - std::f32::consts::SQRT_2 * k + k * k) * norm)
    };
    let mut filtered: Vec<f32> = signal.iter().map(|&s| f32::from(s)).collect();
    for (b0, b1, a1, a2) in [coefficients(300.0, true), coefficients(3_400.0, false)] {
        let (mut s1, mut s2) = (0.0, 0.0);
        for sample in &mut filtered {
            let out = b0 * *sample + s1;
            s1 = b1 * *sample - a1 * out + s2;
            s2 = b0 * *sample - a2 * out;
            *sample = out;
        }
    }
    filtered.iter().map(|&s| s as i16).collect()
}

/// Plays `agent` to a caller who says `caller` over a line with noise at −62 dBFS;
/// the beginnings of utterances, each with the captured samples when it came.
fn talk(call: &mut CallAudio, agent: &[i16], caller: &[i16], path: EchoPath) -> Vec<(u64, u64)> {
    let line = mix(&mix(&path.apply(agent), caller), &noise(-62.0, agent.len(), 1));
    let mut starts = Vec::new();
    for (number, (said, captured)) in
        (1u64..).zip(agent.chunks_exact(FRAME_SAMPLES).zip(line.chunks_exact(FRAME_SAMPLES)))
    {
        call.playout.push(1, said);
        call.clock.get_frame(&mut SILENCE.clone());
        call.clock.put_frame(captured.try_into().expect("a whole frame"));
        call.audio.tick();
        for event in events(call) {
            if let AudioEvent::SpeechStarted { at_sample } = event {
                starts.push((number * FRAME, at_sample));
            }
        }
    }
    starts
}

fn starts(agent: &[i16], caller: &[i16], path: EchoPath) -> Vec<(u64, u64)> {
    talk(&mut call_audio(&AudioSettings::default()), agent, caller, path)
}

static AGENTS: LazyLock<Vec<(&str, Vec<i16>)>> =
    LazyLock::new(|| ["rms", "slt", "awb", "kal16"].map(|voice| (voice, agent(voice, -18.0))).into());

#[test]
fn an_echo_25_db_down_is_never_speech_however_late_it_comes() {
    for (voice, agent) in AGENTS.iter() {
        for dbfs in [-12.0, -18.0, -26.0] {
            let agent = scale(agent, dbfs);
            for delay_ms in [0, 5, 20, 45, 70, 110, 150, 200, 260, 310, 350, 400] {
                for is_narrow in [false, true] {
                    let path = EchoPath { is_narrow, ..echo(delay_ms) };
                    assert_eq!(starts(&agent, &[], path), [], "{voice} at {dbfs} dBFS, {path:?}");
                }
            }
        }
    }
}

#[test]
fn a_loud_echo_is_mistaken_until_it_was_followed_for_two_seconds() {
    for (voice, agent) in AGENTS.iter() {
        for gain_db in [-16.0, -12.0, -9.0, -6.0] {
            for delay_ms in [0, 35, 110, 200, 310, 450] {
                for is_narrow in [false, true] {
                    let path = EchoPath { delay_ms, gain_db, is_narrow };
                    let started = starts(agent, &[], path);
                    let late: Vec<_> = started.iter().filter(|(now, _)| *now > ms(2_000) as u64).collect();
                    assert!(late.is_empty(), "{voice}, {path:?}: {started:?}");
                    assert!(gain_db > -12.0 || delay_ms > 400 || started.is_empty(), "{voice}, {path:?}: {started:?}");
                }
            }
        }
    }
}

#[test]
fn without_the_guard_the_echo_would_be_speech() {
    let settings = AudioSettings { echo_margin_db: f32::INFINITY, ..AudioSettings::default() };
    assert_ne!(talk(&mut call_audio(&settings), &AGENTS[0].1, &[], echo(100)), []);
}

const WORDS: [&str; 4] = ["wait a moment please", "no that is wrong", "can I ask something", "yes but when"];

/// Says each of the words over each agent at several moments; how much later than
/// over a silent line they are heard, in ms; `None` if not within half a second.
fn delays(relative_db: f32, path: EchoPath, after_ms: [usize; 3]) -> Vec<Option<f32>> {
    let mut delays = Vec::new();
    for (_, agent) in AGENTS.iter() {
        for (number, text) in WORDS.iter().enumerate() {
            let words = speak(["slt", "rms"][number % 2], text, rms_dbfs(agent) + relative_db, true);
            for after_ms in after_ms {
                let caller = [&vec![0; ms(after_ms)][..], &words].concat();
                let agent = &agent[..ms(after_ms + 1_500)];
                let first = |starts: Vec<(u64, u64)>| {
                    let from = ms(after_ms) as u64;
                    starts.into_iter().map(|(now, _)| now).find(|now| (from..from + ms(500) as u64).contains(now))
                };
                let alone = first(starts(&vec![0; agent.len()], &caller, path)).expect("heard on a silent line");
                let over = first(starts(agent, &caller, path));
                delays.push(over.map(|over| (over as f32 - alone as f32) / 16.0));
            }
        }
    }
    delays
}

#[test]
fn a_caller_at_an_ordinary_level_who_talks_over_the_agent_is_heard_at_once() {
    for (what, gain_db) in [("no echo", -200.0), ("an echo at -25 dB", -25.0)] {
        let path = EchoPath { gain_db, ..echo(120) };
        for relative_db in [6.0, 0.0, -6.0] {
            let delays = delays(relative_db, path, [2_000, 2_700, 4_100]);
            let late = delays.iter().filter(|delay| delay.is_none_or(|ms| ms > 60.0)).count();
            assert!(late * 20 <= delays.len(), "{what}, caller at {relative_db} dB: {delays:?}");
        }
    }
}

#[test]
fn who_talks_over_an_agent_with_a_loud_echo_is_heard_within_three_tenths_of_a_second() {
    for gain_db in [-16.0, -12.0] {
        let delays = delays(0.0, EchoPath { gain_db, ..echo(120) }, [2_000, 2_700, 4_100]);
        let late = delays.iter().filter(|delay| delay.is_none_or(|ms| ms > 300.0)).count();
        assert!(late * 20 <= delays.len(), "{gain_db} dB: {delays:?}");
    }
}

#[test]
fn a_soft_caller_is_heard_at_once_when_the_line_has_no_echo() {
    let path = EchoPath { gain_db: -200.0, ..echo(0) };
    let delays = delays(-18.0, path, [2_000, 2_700, 4_100]);
    let late = delays.iter().filter(|delay| delay.is_none_or(|ms| ms > 40.0)).count();
    assert!(late * 20 <= delays.len(), "{delays:?}");
}

#[test]
#[ignore = "a measurement, which prints; run it with --ignored --nocapture"]
fn how_soft_a_caller_may_be() {
    println!("caller against agent, dB: heard within 40 / 100 ms of where it would be on a silent line, of 48");
    let lines = [
        ("no echo, after 2 s of the agent", -200.0, [2_000, 2_700, 4_100]),
        ("no echo, in the agent's first second", -200.0, [300, 500, 800]),
        ("echo at -25 dB, after 2 s", -25.0, [2_000, 2_700, 4_100]),
        ("echo at -35 dB, after 2 s", -35.0, [2_000, 2_700, 4_100]),
    ];
    for (what, gain_db, after_ms) in lines {
        print!("  {what:<40}");
        for relative_db in [0.0, -3.0, -6.0, -9.0, -12.0, -15.0, -18.0, -21.0] {
            let delays = delays(relative_db, EchoPath { gain_db, ..echo(120) }, after_ms);
            let within = |ms: f32| delays.iter().filter(|delay| delay.is_some_and(|delay| delay <= ms)).count();
            print!("  {relative_db:>3}: {:>2} / {:>2}", within(40.0), within(100.0));
        }
        println!();
    }
}

#[test]
fn when_the_agent_is_paused_the_guard_is_gone_after_the_longest_delay() {
    let mut call = call_audio(&AudioSettings::default());
    let agent = &AGENTS[0].1[..ms(4_000)];
    assert_eq!(talk(&mut call, agent, &[], echo(400)), []);
    call.playout.pause();
    let soft = speak("slt", "wait a moment", rms_dbfs(agent) - 25.0, false);
    let caller = [&vec![0; ms(600)][..], &soft, &vec![0; ms(500)]].concat();
    let started = talk(&mut call, &vec![0; caller.len()], &caller, echo(0));
    assert!(started.first().is_some_and(|&(now, _)| now < ms(800) as u64), "{started:?}");
}

#[test]
fn a_caller_who_switches_to_the_loudspeaker_is_mistaken_for_a_moment_at_most() {
    let agent: Vec<i16> = AGENTS.iter().flat_map(|(_, agent)| agent.clone()).collect();
    let silent_path = EchoPath { gain_db: -200.0, ..echo(0) };
    let mut mistaken = Vec::new();
    for after_ms in (5_000..15_000).step_by(700) {
        let mut call = call_audio(&AudioSettings::default());
        let (before, after) = agent.split_at(ms(after_ms));
        assert_eq!(talk(&mut call, before, &[], silent_path), []);
        let started = talk(&mut call, &after[..ms(15_000)], &[], echo(150));
        assert!(started.iter().all(|&(now, _)| now < ms(2_000) as u64), "switched at {after_ms} ms: {started:?}");
        mistaken.push(started.len());
    }
    println!("echoes taken for speech after each switch: {mistaken:?}");
    assert!(mistaken.iter().all(|&starts| starts <= 2));
}

#[test]
fn levels_are_told_for_both_sides_when_asked_for_and_only_then() {
    let levels_interval = Duration::from_millis(100);
    for (settings, expected) in
        [(AudioSettings { levels_interval, ..AudioSettings::default() }, 5), (AudioSettings::default(), 0)]
    {
        let mut call = call_audio(&settings);
        let mut told = Vec::new();
        for frame in 0..25usize {
            call.playout.push(1, &[1_036; FRAME_SAMPLES]);
            if frame >= 10 {
                call.clock.get_frame(&mut SILENCE.clone());
            }
            let captured = common::tones(&[(1_000.0, if frame < 15 { -20.0 } else { -200.0 })], FRAME_SAMPLES);
            call.clock.put_frame(captured.as_slice().try_into().expect("a whole frame"));
            call.audio.tick();
            told.extend(events(&mut call).into_iter().filter_map(|event| match event {
                AudioEvent::Levels { at_sample, captured_dbfs, played_dbfs } => {
                    Some((at_sample / FRAME, captured_dbfs, played_dbfs))
                }
                _ => None,
            }));
        }
        let all = [(0, -20, -100), (5, -20, -100), (10, -20, -30), (15, -52, -30), (20, -100, -30)];
        assert_eq!(told.len(), expected, "{told:?}");
        for (told, expected) in told.iter().zip(all) {
            assert_eq!((told.0, told.2), (expected.0, expected.2), "{told:?}");
            assert!((told.1 - expected.1).abs() <= 1 || expected.0 >= 15, "{told:?}");
        }
    }
}
