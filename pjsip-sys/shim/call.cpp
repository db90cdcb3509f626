/* Calls: what PJSUA2 reports of them, and what is asked of them. */
#include "objects.hpp"
#include "reading.hpp"

#include <pjsua-lib/pjsua_internal.h>

#include <cstring>

using agent::AgentCall;
using agent::check;
using agent::fence;
using agent::text;

namespace agent {

void AgentCall::onCallState(pj::OnCallStateParam &prm) {
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

void AgentCall::onCallMediaState(pj::OnCallMediaStateParam &) {
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

void AgentCall::onDtmfDigit(pj::OnDtmfDigitParam &prm) {
    if (!prm.digit.empty())
        endpoint.events.dtmf(endpoint.events.user, getId(), prm.digit[0]);
}

void AgentCall::onCallTsxState(pj::OnCallTsxStateParam &prm) {
    auto *tsx = static_cast<pjsip_transaction *>(prm.e.body.tsxState.tsx.pjTransaction);
    bool is_new = prm.e.type == PJSIP_EVENT_TSX_STATE && prm.e.body.tsxState.type == PJSIP_EVENT_RX_MSG && tsx &&
                  tsx->role == PJSIP_ROLE_UAS && tsx->state == PJSIP_TSX_STATE_TRYING;
    pj_str_t info = pj_str(const_cast<char *>("INFO"));
    if (is_new && pj_strcmp(&tsx->method.name, &info) == 0)
        fence([&] { answer_info(tsx, static_cast<pjsip_rx_data *>(prm.e.body.tsxState.src.rdata.pjRxData)); });
}

void AgentCall::onCallTransferStatus(pj::OnCallTransferStatusParam &prm) {
    bool last = prm.finalNotify || prm.statusCode >= 200;
    prm.cont = !last;
    endpoint.events.transfer(endpoint.events.user, getId(), prm.statusCode, last);
}

void AgentCall::onCallTransferRequest(pj::OnCallTransferRequestParam &prm) {
    prm.statusCode = PJSIP_SC_METHOD_NOT_ALLOWED;
}

void AgentCall::onCallReplaceRequest(pj::OnCallReplaceRequestParam &prm) {
    prm.statusCode = PJSIP_SC_NOT_IMPLEMENTED;
}

int AgentCall::audio_index() const {
    pj::CallInfo info = getInfo();
    for (const auto &media : info.media)
        if (media.type == PJMEDIA_TYPE_AUDIO && media.audioConfSlot != PJSUA_INVALID_ID &&
            (media.status == PJSUA_CALL_MEDIA_ACTIVE || media.status == PJSUA_CALL_MEDIA_REMOTE_HOLD))
            return static_cast<int>(media.index);
    return -1;
}

void AgentCall::answer_info(pjsip_transaction *tsx, pjsip_rx_data *rdata) {
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

} // namespace agent

AgentCall &agent_endpoint::call(int id) {
    auto found = calls.find(id);
    if (found == calls.end())
        throw pj::Error(PJ_ENOTFOUND, "find the call", "it has ended", __FILE__, __LINE__);
    return *found->second;
}

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
