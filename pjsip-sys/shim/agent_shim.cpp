#include "agent_shim.hpp"

#include "fence.hpp"
#include "frame_port.hpp"
#include "guard.hpp"
#include "reading.hpp"
#include "resolver.hpp"

#include <pjsua-lib/pjsua_internal.h>

#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <unistd.h>

using agent::check;
using agent::fence;

namespace {

std::string text(agent_str s) { return s.len ? std::string(s.ptr, s.len) : std::string(); }
agent_str view(const std::string &s) { return {s.data(), s.size()}; }

class AgentCall;
class AgentAccount;

class AgentEndpoint : public pj::Endpoint {
  public:
    void onSelectAccount(pj::OnSelectAccountParam &prm) override {
        int account = agent::admitted_account(static_cast<pjsip_rx_data *>(prm.rdata.pjRxData));
        if (account >= 0)
            prm.accountIndex = account;
    }

    void onTransportState(const pj::OnTransportStateParam &prm) override {
        agent::stream_state(static_cast<pjsip_transport *>(prm.hnd), prm.state);
    }
};

} // namespace

struct agent_endpoint {
    agent_events events{};
    AgentEndpoint lib;
    agent::Graveyard graveyard;
    std::map<int, std::unique_ptr<AgentAccount>> accounts;
    std::map<int, std::unique_ptr<AgentCall>> calls;
    std::vector<std::unique_ptr<AgentCall>> dead; /* deleted after poll, never inside their own callback */

    pj_ioqueue_key_t *wake_key = nullptr;
    pj_ioqueue_op_key_t wake_op{};
    char wake_buffer[64];

    AgentCall &call(int id);
};

struct agent_clock {
    pjmedia_port *master = nullptr;
    pj_thread_desc desc{};
    pj_thread_t *thread = nullptr;
    int16_t samples[AGENT_FRAME_SAMPLES];
};

namespace {

class AgentCall : public pj::Call {
  public:
    AgentCall(agent_endpoint &endpoint, pj::Account &account, int id) : Call(account, id), endpoint(endpoint) {}

    agent::BridgeSlot slot;
    bool ending = false; /* by our own request */

    void onCallState(pj::OnCallStateParam &prm) override {
        fence([&] {
            pj::CallInfo info = getInfo();
            if (info.state != PJSIP_INV_STATE_DISCONNECTED)
                return;
            bool by_peer = !ending && prm.e.type == PJSIP_EVENT_TSX_STATE && prm.e.body.tsxState.tsx.role == PJSIP_ROLE_UAS;
            endpoint.events.ended(endpoint.events.user, getId(), info.lastStatusCode, view(info.lastReason), by_peer);
        });
        pjsua_call_info info;
        if (pjsua_call_get_info(getId(), &info) == PJ_SUCCESS && info.state != PJSIP_INV_STATE_DISCONNECTED)
            return;
        slot.clear();
        fence([&] {
            auto self = endpoint.calls.find(getId());
            if (self == endpoint.calls.end() || self->second.get() != this)
                return;
            endpoint.dead.push_back(std::move(self->second));
            endpoint.calls.erase(self);
        });
    }

    void onCallMediaState(pj::OnCallMediaStateParam &) override {
        fence([&] {
            int index = audio_index();
            if (index < 0 || !slot.is_set()) {
                endpoint.events.media(endpoint.events.user, getId(), 0, {nullptr, 0}, 0, {nullptr, 0});
                return;
            }
            pj::AudioMedia audio = getAudioMedia(index);
            audio.startTransmit(slot);
            slot.startTransmit(audio);
            pj::StreamInfo stream = getStreamInfo(index);
            endpoint.events.media(endpoint.events.user, getId(), 1, view(stream.codecName), stream.codecClockRate,
                                  view(stream.remoteRtpAddress));
        });
    }

    void onDtmfDigit(pj::OnDtmfDigitParam &prm) override {
        if (!prm.digit.empty())
            endpoint.events.dtmf(endpoint.events.user, getId(), prm.digit[0]);
    }

    /* First of all layers: what is answered here PJSUA leaves alone. Its own reading of an INFO takes the body for a
     * NUL-terminated text. */
    void onCallTsxState(pj::OnCallTsxStateParam &prm) override {
        auto *tsx = static_cast<pjsip_transaction *>(prm.e.body.tsxState.tsx.pjTransaction);
        bool is_new = prm.e.type == PJSIP_EVENT_TSX_STATE && prm.e.body.tsxState.type == PJSIP_EVENT_RX_MSG && tsx &&
                      tsx->role == PJSIP_ROLE_UAS && tsx->state == PJSIP_TSX_STATE_TRYING;
        pj_str_t info = pj_str(const_cast<char *>("INFO"));
        if (is_new && pj_strcmp(&tsx->method.name, &info) == 0)
            fence([&] { answer_info(tsx, static_cast<pjsip_rx_data *>(prm.e.body.tsxState.src.rdata.pjRxData)); });
    }

    void onCallTransferStatus(pj::OnCallTransferStatusParam &prm) override {
        bool last = prm.finalNotify || prm.statusCode >= 200;
        prm.cont = !last;
        endpoint.events.transfer(endpoint.events.user, getId(), prm.statusCode, last);
    }

    /* The peer must not make us dial. The guard refuses both already. */
    void onCallTransferRequest(pj::OnCallTransferRequestParam &prm) override {
        prm.statusCode = PJSIP_SC_METHOD_NOT_ALLOWED;
    }
    void onCallReplaceRequest(pj::OnCallReplaceRequestParam &prm) override {
        prm.statusCode = PJSIP_SC_NOT_IMPLEMENTED;
    }

    /* Index of the audio stream that runs, -1 if none does. */
    int audio_index() const {
        pj::CallInfo info = getInfo();
        for (const auto &media : info.media)
            if (media.type == PJMEDIA_TYPE_AUDIO && media.audioConfSlot != PJSUA_INVALID_ID &&
                (media.status == PJSUA_CALL_MEDIA_ACTIVE || media.status == PJSUA_CALL_MEDIA_REMOTE_HOLD))
                return static_cast<int>(media.index);
        return -1;
    }

  private:
    void answer_info(pjsip_transaction *tsx, pjsip_rx_data *rdata) {
        const pjsip_msg_body *body = rdata->msg_info.msg->body;
        std::string kind;
        agent_str content{};
        if (body && body->len) {
            kind = agent::own(body->content_type.type) + "/" + agent::own(body->content_type.subtype);
            content = {static_cast<const char *>(body->data), body->len};
        }
        int code = PJSIP_SC_INTERNAL_SERVER_ERROR;
        endpoint.events.info(endpoint.events.user, getId(), view(kind), content, &code);
        if (pjsip_dialog *dialog = pjsip_tsx_get_dlg(tsx))
            pjsip_dlg_respond(dialog, rdata, code, nullptr, nullptr, nullptr);
    }

    agent_endpoint &endpoint;
};

class AgentAccount : public pj::Account {
  public:
    explicit AgentAccount(agent_endpoint &endpoint) : endpoint(endpoint) {}

    void onRegState(pj::OnRegStateParam &prm) override {
        auto *rdata = static_cast<pjsip_rx_data *>(prm.rdata.pjRxData);
        agent_str source = rdata ? agent_str{rdata->pkt_info.src_name, std::strlen(rdata->pkt_info.src_name)} : agent_str{};
        endpoint.events.registration(endpoint.events.user, getId(), prm.status, prm.code, view(prm.reason),
                                     prm.expiration == PJSIP_EXPIRES_NOT_SPECIFIED ? 0 : prm.expiration, source,
                                     rdata ? static_cast<uint16_t>(rdata->pkt_info.src_port) : 0);
    }

    void onIncomingCall(pj::OnIncomingCallParam &prm) override {
        /* PJSUA hangs up a call that nobody takes. */
        if (agent::take_admission(static_cast<pjsip_rx_data *>(prm.rdata.pjRxData)) != getId())
            return;
        fence([&] {
            auto call = std::make_unique<AgentCall>(endpoint, *this, prm.callId);
            endpoint.calls[prm.callId] = std::move(call);
            agent_message invite;
            agent::describe(static_cast<pjsip_rx_data *>(prm.rdata.pjRxData), &invite);
            endpoint.events.incoming(endpoint.events.user, getId(), prm.callId, &invite);
        });
    }

    void onAuthChallenge(pj::OnAuthChallengeParam &prm) override {
        fence([&] {
            if (!may_answer(static_cast<pjsip_rx_data *>(prm.rdata.pjRxData)))
                prm.challenge.abandon();
        });
    }

  private:
    /* Whether the account's credentials are for whoever asks. */
    bool may_answer(pjsip_rx_data *rdata) {
        std::vector<agent_str> realms;
        const pjsip_msg *msg = rdata->msg_info.msg;
        for (const pjsip_hdr *hdr = msg->hdr.next; hdr != &msg->hdr; hdr = hdr->next)
            if (hdr->type == PJSIP_H_WWW_AUTHENTICATE || hdr->type == PJSIP_H_PROXY_AUTHENTICATE)
                realms.push_back(agent::view(reinterpret_cast<const pjsip_www_authenticate_hdr *>(hdr)->challenge.common.realm));
        pjsip_transaction *tsx = pjsip_rdata_get_tsx(rdata);
        const pjsip_tx_data *request = tsx ? tsx->last_tx : nullptr;
        agent_challenge challenge{};
        challenge.account = getId();
        challenge.is_register = rdata->msg_info.cseq->method.id == PJSIP_REGISTER_METHOD;
        challenge.source_ip = {rdata->pkt_info.src_name, std::strlen(rdata->pkt_info.src_name)};
        if (request)
            challenge.sent_to_ip = {request->tp_info.dst_name, std::strlen(request->tp_info.dst_name)};
        challenge.realms = realms.data();
        challenge.realm_count = realms.size();
        int answer = 0;
        return endpoint.events.challenge(endpoint.events.user, &challenge, &answer) == 0 && answer != 0;
    }

    agent_endpoint &endpoint;
};

} // namespace

AgentCall &agent_endpoint::call(int id) {
    auto found = calls.find(id);
    if (found == calls.end())
        throw pj::Error(PJ_ENOTFOUND, "find the call", "it has ended", __FILE__, __LINE__);
    return *found->second;
}

/* ---- endpoint ---- */

static agent_log_fn log_sink;

static void log_line(int level, const char *data, int len) {
    if (log_sink && len > 0)
        log_sink(level, data, len);
}

static void arm_wake(agent_endpoint *endpoint) {
    pj_ssize_t size = sizeof endpoint->wake_buffer;
    while (pj_ioqueue_recv(endpoint->wake_key, &endpoint->wake_op, endpoint->wake_buffer, &size, 0) == PJ_SUCCESS)
        size = sizeof endpoint->wake_buffer;
}

static void on_wake(pj_ioqueue_key_t *key, pj_ioqueue_op_key_t *, pj_ssize_t) {
    arm_wake(static_cast<agent_endpoint *>(pj_ioqueue_get_user_data(key)));
}

static void watch_wake(agent_endpoint *endpoint, int fd) {
    pj_ioqueue_callback callbacks{};
    callbacks.on_read_complete = &on_wake;
    check(pj_ioqueue_register_sock(pjsua_var.pool, pjsip_endpt_get_ioqueue(pjsua_get_pjsip_endpt()), fd, endpoint,
                                   &callbacks, &endpoint->wake_key),
          "register the wake-up socket");
    pj_ioqueue_op_key_init(&endpoint->wake_op, sizeof endpoint->wake_op);
    arm_wake(endpoint);
}

static pj::EpConfig configuration(const agent_settings &settings) {
    pj::EpConfig config;
    /* Twice the peak: slots outlive their call during churn. The guard holds the limit. */
    config.uaConfig.maxCalls = 2 * settings.max_calls;
    config.uaConfig.threadCnt = 0;
    config.uaConfig.mainThreadOnly = true;
    config.uaConfig.userAgent = text(settings.user_agent);
    config.uaConfig.mwiUnsolicitedEnabled = false;
    config.logConfig.level = settings.log_level;
    config.logConfig.consoleLevel = 0;
    config.logConfig.msgLogging = settings.log_level >= 5;
    config.logConfig.decor = PJ_LOG_HAS_SENDER;
    config.medConfig.clockRate = 16000;
    config.medConfig.sndClockRate = 16000;
    config.medConfig.audioFramePtime = 20;
    config.medConfig.ptime = 20;
    config.medConfig.channelCount = 1;
    config.medConfig.maxMediaPorts = 4 * settings.max_calls + 8;
    config.medConfig.hasIoqueue = true;
    config.medConfig.threadCnt = 1;
    config.medConfig.noVad = true;
    config.medConfig.ecTailLen = 0;
    /* Below 3 the bridge asks for its cheapest filter, which is speexdsp quality 3: 48 taps at 8 kHz, 3 ms of delay. */
    config.medConfig.quality = 2;
    config.medConfig.jbMax = 200;
    return config;
}

int agent_endpoint_create(const agent_settings *settings, const agent_events *events, int wake_fd,
                          agent_endpoint **out) noexcept {
    *out = nullptr;
    bool fd_is_watched = false;
    int status = fence([&] {
        log_sink = settings->log;
        pj_log_set_log_func(&log_line);
        pj_log_set_level(settings->log_level);
        auto endpoint = std::make_unique<agent_endpoint>();
        endpoint->events = *events;
        endpoint->lib.libCreate();
        pjsip_cfg()->endpt.disable_tcp_switch = PJ_TRUE;
        endpoint->lib.libInit(configuration(*settings));
        pj_log_set_log_func(&log_line);
        check(agent::guard_install(pjsua_get_pjsip_endpt(), events->guard, events->user), "install the guard");
        check(agent::resolver_install(pjsua_get_pjsip_endpt(), events->resolve, events->user), "install the resolver");
        watch_wake(endpoint.get(), wake_fd);
        fd_is_watched = true;
        *out = endpoint.release();
    });
    if (!fd_is_watched)
        close(wake_fd);
    return status;
}

int agent_endpoint_listen(agent_endpoint *endpoint, int tcp, agent_str ip, uint16_t port, agent_str public_address,
                          int *transport) noexcept {
    return fence([&] {
        pj::TransportConfig config;
        config.boundAddress = text(ip);
        config.port = port;
        config.publicAddress = text(public_address);
        bool v6 = config.boundAddress.find(':') != std::string::npos;
        auto type = tcp ? (v6 ? PJSIP_TRANSPORT_TCP6 : PJSIP_TRANSPORT_TCP) : (v6 ? PJSIP_TRANSPORT_UDP6 : PJSIP_TRANSPORT_UDP);
        *transport = endpoint->lib.transportCreate(type, config);
    });
}

int agent_endpoint_codec(agent_endpoint *endpoint, agent_str name, uint8_t priority) noexcept {
    return fence([&] { endpoint->lib.codecSetPriority(text(name), priority); });
}

int agent_endpoint_start(agent_endpoint *endpoint) noexcept {
    return fence([&] { endpoint->lib.libStart(); });
}

int agent_endpoint_poll(agent_endpoint *endpoint, unsigned timeout_ms) noexcept {
    return fence([&] {
        endpoint->lib.libHandleEvents(timeout_ms);
        endpoint->dead.clear();
        endpoint->graveyard.sweep();
    });
}

unsigned agent_endpoint_live_ports(agent_endpoint *endpoint) noexcept {
    return endpoint->graveyard.live.load(std::memory_order_relaxed);
}

int agent_endpoint_resolved(agent_endpoint *, uint64_t lookup, const agent_address *addresses, size_t count) noexcept {
    return fence([&] { agent::resolved(lookup, addresses, count); });
}

int agent_endpoint_drop_dead_streams(agent_endpoint *, unsigned limit_s) noexcept {
    return fence([&] { agent::drop_dead_streams(limit_s); });
}

void agent_endpoint_destroy(agent_endpoint *endpoint) noexcept {
    if (!endpoint)
        return;
    fence([&] {
        endpoint->calls.clear();
        endpoint->dead.clear();
    });
    endpoint->graveyard.close();
    if (endpoint->wake_key)
        pj_ioqueue_unregister(endpoint->wake_key);
    agent::guard_remove();
    agent::resolver_remove();
    fence([&] { endpoint->accounts.clear(); });
    fence([&] { endpoint->lib.libDestroy(PJSUA_DESTROY_NO_RX_MSG); });
    fence([&] { delete endpoint; });
    log_sink = nullptr;
}

/* ---- media clock ---- */

int agent_clock_open(agent_endpoint *endpoint, agent_clock **out) noexcept {
    *out = nullptr;
    return fence([&] {
        auto clock = std::make_unique<agent_clock>();
        clock->master = static_cast<pjmedia_port *>(static_cast<void *>(endpoint->lib.audDevManager().setNoDev()));
        if (!clock->master)
            check(PJ_EINVALIDOP, "get the conference bridge's master port");
        *out = clock.release();
    });
}

int agent_clock_enter(agent_clock *clock) noexcept {
    return pj_thread_register("media-clock", clock->desc, &clock->thread);
}

int agent_clock_tick(agent_clock *clock) noexcept {
    pjmedia_frame frame{};
    frame.type = PJMEDIA_FRAME_TYPE_AUDIO;
    frame.buf = clock->samples;
    frame.size = sizeof clock->samples;
    return pjmedia_port_get_frame(clock->master, &frame);
}

void agent_clock_close(agent_clock *clock) noexcept { delete clock; }

/* ---- accounts ---- */

int agent_account_add(agent_endpoint *endpoint, const agent_account_settings *settings, int *account) noexcept {
    return fence([&] {
        pj::AccountConfig config;
        config.idUri = text(settings->aor);
        config.regConfig.registrarUri = text(settings->registrar);
        config.regConfig.registerOnAdd = false;
        config.regConfig.retryIntervalSec = 0;
        config.regConfig.timeoutSec = settings->expires_s;
        config.sipConfig.transportId = settings->transport;
        if (settings->username.len)
            config.sipConfig.authCreds.push_back(
                pj::AuthCredInfo("digest", text(settings->realm), text(settings->username), 0, text(settings->password)));
        config.mwiConfig.enabled = false;
        /* Else PJSUA looks up the host of a Contact with ;transport=tcp, and connects to it, on this thread. The Contact
         * then names the listener's port, not that of the connection. */
        config.natConfig.contactUseSrcPort = false;
        config.mediaConfig.transportConfig.port = settings->rtp_port_min;
        config.mediaConfig.transportConfig.portRange = settings->rtp_port_max - settings->rtp_port_min;
        config.mediaConfig.transportConfig.boundAddress = text(settings->media_address);
        config.mediaConfig.transportConfig.publicAddress = text(settings->public_address);
        config.mediaConfig.srtpUse = settings->srtp == 2   ? PJMEDIA_SRTP_MANDATORY
                                     : settings->srtp == 1 ? PJMEDIA_SRTP_OPTIONAL
                                                           : PJMEDIA_SRTP_DISABLED;
        config.mediaConfig.srtpSecureSignaling = 0;
        config.videoConfig.autoShowIncoming = false;
        config.videoConfig.autoTransmitOutgoing = false;
        if (text(settings->media_address).find(':') != std::string::npos) {
            config.sipConfig.ipv6Use = PJSUA_IPV6_ENABLED;
            config.mediaConfig.ipv6Use = PJSUA_IPV6_ENABLED;
        }
        auto added = std::make_unique<AgentAccount>(*endpoint);
        added->create(config);
        *account = added->getId();
        endpoint->accounts[*account] = std::move(added);
    });
}

int agent_account_register(agent_endpoint *endpoint, int account, int on) noexcept {
    return fence([&] { endpoint->accounts.at(account)->setRegistration(on != 0); });
}

/* ---- calls ---- */

static pj::SipHeader header(const char *name, const std::string &value) {
    pj::SipHeader header;
    header.hName = name;
    header.hValue = value;
    return header;
}

int agent_call_ring(agent_endpoint *endpoint, int call) noexcept {
    return fence([&] {
        pj::CallOpParam prm(true);
        prm.statusCode = PJSIP_SC_RINGING;
        endpoint->call(call).answer(prm);
    });
}

int agent_call_answer(agent_endpoint *endpoint, int id, const agent_frames *frames) noexcept {
    bool taken = false;
    int status = fence([&] {
        AgentCall &call = endpoint->call(id);
        if (call.slot.is_set())
            check(PJ_EEXISTS, "answer a call twice");
        taken = true;
        call.slot.set(agent::FramePort::create(pjsua_get_pool_factory(), &endpoint->graveyard, *frames));
        pj::CallOpParam prm(true);
        prm.statusCode = PJSIP_SC_OK;
        call.answer(prm);
    });
    if (!taken)
        frames->release(frames->user);
    return status;
}

int agent_call_reject(agent_endpoint *endpoint, int id, int code, agent_str reason, int retry_after_s) noexcept {
    return fence([&] {
        AgentCall &call = endpoint->call(id);
        pj::CallOpParam prm(true);
        prm.statusCode = static_cast<pjsip_status_code>(code);
        prm.reason = text(reason);
        auto &headers = prm.txOption.headers;
        if (reason.len) /* RFC 3326 */
            headers.push_back(header("Reason", "SIP;cause=" + std::to_string(code) + ";text=\"" + text(reason) + "\""));
        if (retry_after_s > 0)
            headers.push_back(header("Retry-After", std::to_string(retry_after_s)));
        call.ending = true;
        call.hangup(prm);
    });
}

int agent_call_hang_up(agent_endpoint *endpoint, int id, agent_str reason) noexcept {
    return fence([&] {
        AgentCall &call = endpoint->call(id);
        call.ending = true;
        pj::CallOpParam prm(true);
        if (reason.len)
            prm.txOption.headers.push_back(header("Reason", "Q.850;cause=102;text=\"" + text(reason) + "\""));
        call.hangup(prm);
    });
}

int agent_call_abandon(agent_endpoint *endpoint, int id) noexcept {
    return fence([&] {
        endpoint->call(id).ending = true;
        pjsip_inv_session *session = pjsua_var.calls[id].inv;
        if (!session)
            check(PJ_ENOTFOUND, "abandon a call without a session");
        check(pjsip_inv_terminate(session, PJSIP_SC_REQUEST_TIMEOUT, PJ_TRUE), "end the session");
    });
}

int agent_call_transfer(agent_endpoint *endpoint, int id, agent_str target) noexcept {
    return fence([&] {
        pj::CallOpParam prm(true);
        endpoint->call(id).xfer(text(target), prm);
    });
}

int agent_call_send_dtmf(agent_endpoint *endpoint, int id, agent_str digits) noexcept {
    int status = fence([&] { endpoint->call(id).dialDtmf(text(digits)); });
    if (status != PJMEDIA_RTP_EREMNORFC2833)
        return status;
    return fence([&] {
        pj::CallSendDtmfParam prm;
        prm.method = PJSUA_DTMF_METHOD_SIP_INFO;
        prm.digits = text(digits);
        endpoint->call(id).sendDtmf(prm);
    });
}

int agent_call_stats(agent_endpoint *endpoint, int id, agent_media_stats *out) noexcept {
    std::memset(out, 0, sizeof *out);
    return fence([&] {
        AgentCall &call = endpoint->call(id);
        int index = call.audio_index();
        if (index < 0)
            return;
        out->has_media = 1;
        pj::StreamStat stat = call.getStreamStat(index);
        pj::StreamInfo info = call.getStreamInfo(index);
        out->rx_packets = stat.rtcp.rxStat.pkt;
        out->tx_packets = stat.rtcp.txStat.pkt;
        out->rx_lost = stat.rtcp.rxStat.loss;
        out->rx_jitter_us = stat.rtcp.rxStat.jitterUsec.last;
        out->rtt_us = stat.rtcp.rttUsec.last;
        out->jitter_buffer_ms = stat.jbuf.avgDelayMsec;
        out->receiving = info.dir == PJMEDIA_DIR_ENCODING_DECODING;
    });
}

/* ---- errors and fences ---- */

size_t agent_last_error(char *out, size_t size) noexcept {
    if (!size)
        return 0;
    std::snprintf(out, size, "%s", agent::last_error);
    return std::strlen(out);
}

size_t agent_strerror(int status, char *out, size_t size) noexcept {
    if (!size)
        return 0;
    pj_str_t s = pj_strerror(status, out, size);
    out[size - 1] = '\0';
    return static_cast<size_t>(s.slen);
}

int agent_fence_throw(int kind) noexcept {
    return fence([&] {
        switch (kind) {
        case 0:
            throw pj::Error(PJ_EINVALIDOP, "fence test", "a pj::Error", __FILE__, __LINE__);
        case 1:
            throw std::bad_alloc();
        default:
            throw kind;
        }
    });
}

int agent_fence_frames(const agent_frames *frames, unsigned ticks) noexcept {
    agent::FramePort port{};
    port.frames = *frames;
    int16_t samples[AGENT_FRAME_SAMPLES] = {};
    for (unsigned i = 0; i < ticks; ++i) {
        pjmedia_frame frame{};
        frame.type = PJMEDIA_FRAME_TYPE_AUDIO;
        frame.buf = samples;
        frame.size = sizeof samples;
        agent::frame_port_put(&port.base, &frame);
        agent::frame_port_get(&port.base, &frame);
    }
    frames->release(frames->user);
    return port.silenced ? PJ_ECANCELLED : PJ_SUCCESS;
}
