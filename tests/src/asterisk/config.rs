//! The configuration of a test's Asterisk. Registration and dialplan of the agent are the snippets of `conf/asterisk/`
//! themselves; around them stands only what a PBX would have anyway.

use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context, Result};

/// What differs from test to test.
#[derive(Debug, Clone, Default)]
pub struct Pbx {
    /// Where the agent listens for direct calls: `AGENT_URI` of the dialplan.
    pub agent: Option<SocketAddr>,
    /// The phone of the person to whom calls are handed over.
    pub human: Option<SocketAddr>,
    /// More dialplan, for one test.
    pub extensions: String,
}

/// Writes all files of /etc/asterisk.
pub fn write(pbx: &Pbx, sip_port: u16, etc: &Path) -> Result<()> {
    let rtp_start = loopback_ports::block(400)?;
    let file = |name: &str, text: String| {
        fs::write(etc.join(name), text).with_context(|| format!("cannot write {name} of Asterisk"))
    };
    file("asterisk.conf", ASTERISK.to_owned())?;
    file("modules.conf", modules())?;
    file("logger.conf", LOGGER.to_owned())?;
    file("rtp.conf", format!("[general]\nrtpstart={rtp_start}\nrtpend={}\nstrictrtp=yes\n", rtp_start + 399))?;
    file("pjsip.conf", pjsip(pbx, sip_port))?;
    file("extensions.conf", extensions(pbx, sip_port))?;
    file(
        "indications.conf",
        "[general]\ncountry=us\n[us]\ndescription=United States\nringcadence=2000,4000\nring=440+480/2000,0/4000\n"
            .to_owned(),
    )?;
    // Asterisk complains about missing files, and never about empty ones.
    for name in ["acl", "ccss", "cdr", "cel", "features", "musiconhold", "pjproject", "udptl"] {
        let name = &format!("{name}.conf");
        file(name, String::new())?;
    }
    let snippets = crate::paths::repository().join("conf/asterisk");
    for snippet in ["pjsip-agent.conf", "extensions-agent.conf", "freepbx/extensions_custom.conf"] {
        let source = snippets.join(snippet);
        let name = source.file_name().context("a snippet has a name")?;
        fs::copy(&source, etc.join(name)).with_context(|| format!("cannot copy {}", source.display()))?;
    }
    Ok(())
}

const ASTERISK: &str = "\
[directories]
astdbdir => /var/spool/asterisk
astrundir => /run/asterisk
[options]
highpriority = no
documentation_language = en_US
";

const LOGGER: &str = "\
[general]
dateformat=%F %T.%3q
[logfiles]
messages.log => notice,warning,error,verbose(3)
";

/// Only what the suites use: Asterisk is up in a second instead of ten.
const MODULES: &[&str] = &[
    "app_dial",
    "app_echo",
    "app_playback",
    "app_read",
    "app_stack",
    "app_transfer",
    "app_verbose",
    "bridge_builtin_features",
    "bridge_holding",
    "bridge_native_rtp",
    "bridge_simple",
    "bridge_softmix",
    "chan_pjsip",
    "codec_a_mu",
    "codec_alaw",
    "codec_g722",
    "codec_gsm",
    "codec_opus_open_source",
    "codec_resample",
    "codec_ulaw",
    "format_gsm",
    "format_pcm",
    "format_sln",
    "format_wav",
    "func_callerid",
    "func_channel",
    "func_global",
    "func_logic",
    "func_pjsip_aor",
    "func_pjsip_contact",
    "func_strings",
    "pbx_config",
    "res_crypto",
    "res_format_attr_opus",
    "res_pjproject",
    "res_pjsip",
    "res_pjsip_acl",
    "res_pjsip_authenticator_digest",
    "res_pjsip_caller_id",
    "res_pjsip_diversion",
    "res_pjsip_dtmf_info",
    "res_pjsip_endpoint_identifier_ip",
    "res_pjsip_endpoint_identifier_user",
    "res_pjsip_header_funcs",
    "res_pjsip_logger",
    "res_pjsip_nat",
    "res_pjsip_outbound_authenticator_digest",
    "res_pjsip_pubsub",
    "res_pjsip_refer",
    "res_pjsip_registrar",
    "res_pjsip_rfc3326",
    "res_pjsip_sdp_rtp",
    "res_pjsip_session",
    "res_rtp_asterisk",
    "res_sorcery_astdb",
    "res_sorcery_config",
    "res_sorcery_memory",
    "res_timing_timerfd",
];

fn modules() -> String {
    MODULES.iter().fold("[modules]\nautoload=no\n".to_owned(), |mut text, module| {
        let _ = writeln!(text, "load = {module}.so");
        text
    })
}

fn pjsip(pbx: &Pbx, port: u16) -> String {
    let human = pbx.human.map_or_else(String::new, |address| {
        format!(
            "[human]\ntype=endpoint\naors=human\ncontext=phones\ndisallow=all\nallow=ulaw,alaw,g722,opus\ndirect_media=no\n\
             [human]\ntype=aor\ncontact=sip:human@{address}\n"
        )
    });
    format!(
        "[global]\ntype=global\nendpoint_identifier_order=username,ip\n\
         [transport-udp]\ntype=transport\nprotocol=udp\nbind=127.0.0.1:{port}\n\
         [transport-tcp]\ntype=transport\nprotocol=tcp\nbind=127.0.0.1:{port}\n\
         ; Callers from outside: an open door, as a trunk would be.\n\
         [caller]\ntype=endpoint\ncontext=phones\ndisallow=all\nallow=ulaw,alaw,g722,opus\ndirect_media=no\n\
         rtp_symmetric=yes\ndtmf_mode=rfc4733\n\
         ; The same registration under a number, as FreePBX names its extensions.\n\
         [7000]\ntype=endpoint\naors=agent\ncontext=from-agent\ndisallow=all\nallow=ulaw,alaw,g722,opus\ndirect_media=no\n\
         {human}\n#include pjsip-agent.conf\n"
    )
}

fn extensions(pbx: &Pbx, port: u16) -> String {
    let agent = pbx.agent.map_or_else(String::new, |address| format!("AGENT_URI=sip:agent@{address}\n"));
    format!(
        "[globals]\n{agent}HUMAN=PJSIP/human\nCUSTOMER_NUMBER=4711\nAGENT_OVERFLOW=200\nFROM_DID=5550100\nOWN_PORT={port}\n\
         #include extensions-agent.conf\n#include extensions_custom.conf\n\
         [phones]\n\
         exten => 100,1,Goto(agent-ivr,s,1)\n\
         exten => 700,1,Goto(agent-dial,s,1)\n\
         exten => 7000,1,Goto(agent-with-context,7000,1)\n\
         exten => echo,1,Answer()\n same => n,Echo()\n same => n,Hangup()\n\
         exten => announcement,1,Answer()\n same => n,Playback(vm-enter-num-to-call&vm-goodbye&vm-enter-num-to-call&vm-goodbye)\n same => n,Hangup()\n\
         exten => 200,1,Goto(from-agent,human,1)\n\
         [from-internal]\nexten => 200,1,Goto(from-agent,human,1)\n\
         {}\n",
        pbx.extensions
    )
}
