//! Answers calls and plays back what the caller says half a second later; `*` hangs up, `#` sends the key back.
//!
//! ```text
//! cargo run --release --example sip_echo -- 127.0.0.1:5080
//! cargo run --release --example sip_echo -- 127.0.0.1:5080 sip:agent@127.0.0.1:5070 agent secret
//! ```
//!
//! Stops at end of file on standard input, and then shows how evenly the media clock has run.

use std::collections::{HashMap, VecDeque};
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use pjsua_agent::leg::{FramePort, Leg, LegEvent, LegId};
use pjsua_agent::sip::{self, AccountConfig, LATENESS_BOUNDS_US, Listen, SipConfig, SipEvent, Transport};

const DELAY_FRAMES: usize = 25;

struct Echo {
    frames: VecDeque<media::Samples>,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    put: AtomicU64,
    loud: AtomicU64,
    got: AtomicU64,
}

impl FramePort for Echo {
    fn put_frame(&mut self, samples: &media::Samples) {
        self.counts.put.fetch_add(1, Ordering::Relaxed);
        let loud = samples.iter().any(|sample| sample.unsigned_abs() > 1000);
        self.counts.loud.fetch_add(loud.into(), Ordering::Relaxed);
        if self.frames.len() <= DELAY_FRAMES {
            self.frames.push_back(*samples);
        }
    }

    fn get_frame(&mut self, samples: &mut media::Samples) {
        self.counts.got.fetch_add(1, Ordering::Relaxed);
        let ready = if self.frames.len() > DELAY_FRAMES { self.frames.pop_front() } else { None };
        samples.copy_from_slice(&ready.unwrap_or(media::SILENCE));
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(address) = arguments.first() else { anyhow::bail!("usage: sip_echo IP:PORT [AOR USER PASSWORD]") };
    let addr = address.parse()?;
    let mut config = SipConfig {
        listen: vec![Listen { transport: Transport::Udp, addr }, Listen { transport: Transport::Tcp, addr }],
        trusted: vec!["127.0.0.1/32".parse()?],
        ..SipConfig::default()
    };
    if let [_, aor, user, password] = arguments.as_slice() {
        let registrar = aor.split_once('@').map_or(aor.clone(), |(_, host)| format!("sip:{host}"));
        config.accounts.push(AccountConfig::new("echo", aor, registrar, user, password));
    }
    let (events_in, mut events) = tokio::sync::mpsc::unbounded_channel();
    let sip = sip::start(config, || {}, events_in)?;
    let handle = sip.handle();
    let (end_of_file, mut stop) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        let _ = end_of_file.send(());
    });

    let mut calls: HashMap<LegId, Arc<Counts>> = HashMap::new();
    loop {
        let event = tokio::select! {
            event = events.recv() => event,
            _ = &mut stop => None,
        };
        let Some(event) = event else { break };
        println!("{event:?}");
        match event {
            SipEvent::Incoming(incoming) => {
                let counts = Arc::new(Counts::default());
                calls.insert(incoming.leg, Arc::clone(&counts));
                handle.leg(incoming.leg).answer(Box::new(Echo { frames: VecDeque::new(), counts }));
            }
            SipEvent::Leg { leg, event: LegEvent::Dtmf('*') } => handle.leg(leg).hang_up(),
            SipEvent::Leg { leg, event: LegEvent::Dtmf('#') } => handle.leg(leg).send_dtmf("#"),
            SipEvent::Leg { leg, event: LegEvent::Ended { .. } } => {
                if let Some(counts) = calls.remove(&leg) {
                    let [put, loud, got] = [&counts.put, &counts.loud, &counts.got].map(|c| c.load(Ordering::Relaxed));
                    println!("call {leg}: {put} frames heard, {loud} of them loud, {got} frames spoken");
                }
            }
            _ => {}
        }
    }

    let report = handle.clock_report();
    println!("media clock: {} ticks, real-time: {}, {} skipped", report.ticks, report.real_time, report.skipped);
    for (class, count) in report.lateness.iter().enumerate() {
        match LATENESS_BOUNDS_US.get(class) {
            Some(bound) => println!("  late by at most {bound:>6} µs: {count}"),
            None => println!("  later                    : {count}"),
        }
    }
    println!("  latest {:?}, longest tick {:?}, busy {:?}", report.latest, report.longest, report.busy);
    tokio::task::spawn_blocking(move || sip.shutdown()).await?;
    Ok(())
}
