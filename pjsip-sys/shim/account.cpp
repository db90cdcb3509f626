/* Accounts: registration, calls that come in for them, and who is told their password. */
#include "objects.hpp"
#include "guard.hpp"
#include "reading.hpp"

#include <cstring>

using agent::AgentAccount;
using agent::fence;
using agent::text;

namespace agent {

void AgentAccount::onRegState(pj::OnRegStateParam &prm) {
    auto *rdata = static_cast<pjsip_rx_data *>(prm.rdata.pjRxData);
    agent_str source = rdata ? agent_str{rdata->pkt_info.src_name, std::strlen(rdata->pkt_info.src_name)} : agent_str{};
    endpoint.events.registration(endpoint.events.user, getId(), prm.status, prm.code, view(prm.reason),
                                 prm.expiration == PJSIP_EXPIRES_NOT_SPECIFIED ? 0 : prm.expiration, source,
                                 rdata ? static_cast<uint16_t>(rdata->pkt_info.src_port) : 0);
}

void AgentAccount::onIncomingCall(pj::OnIncomingCallParam &prm) {
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

void AgentAccount::onAuthChallenge(pj::OnAuthChallengeParam &prm) {
    fence([&] {
        if (!may_answer(static_cast<pjsip_rx_data *>(prm.rdata.pjRxData)))
            prm.challenge.abandon();
    });
}

bool AgentAccount::may_answer(pjsip_rx_data *rdata) {
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

} // namespace agent

int agent_account_add(agent_endpoint *endpoint, const agent_account_settings *settings, int *account) noexcept {
    return fence([&] {
        pj::AccountConfig config;
        config.idUri = text(settings->aor);
        config.regConfig.registrarUri = text(settings->registrar);
        config.regConfig.registerOnAdd = false;
        config.regConfig.retryIntervalSec = 0;
        config.regConfig.timeoutSec = settings->expires_s;
        config.sipConfig.transportId = settings->listener;
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
        config.mediaConfig.srtpUse = settings->srtp == AGENT_SRTP_MANDATORY  ? PJMEDIA_SRTP_MANDATORY
                                     : settings->srtp == AGENT_SRTP_OPTIONAL ? PJMEDIA_SRTP_OPTIONAL
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
