#include "guard.hpp"

#include "fence.hpp"
#include "reading.hpp"

#include <pjsip_ua.h>

#include <cstring>
#include <map>
#include <string>

namespace agent {
namespace {

/* The one INVITE that may become a call now. It is named by what a clone of it still has. */
struct Admission {
    int account = -1;
    std::string call_id, from_tag, branch;
    pj_int32_t cseq = 0;

    bool is_for(const pjsip_rx_data *rdata) const {
        auto is = [](const std::string &a, const pj_str_t &b) {
            return a.size() == static_cast<size_t>(b.slen) && std::memcmp(a.data(), b.ptr, a.size()) == 0;
        };
        return account >= 0 && is(call_id, rdata->msg_info.cid->id) && is(from_tag, rdata->msg_info.from->tag) &&
               is(branch, rdata->msg_info.via->branch_param) && cseq == rdata->msg_info.cseq->cseq;
    }
};

struct Guard {
    pjsip_endpoint *endpoint;
    agent_guard_fn ask;
    void *user;
    Admission admission;
    /* Connections with a request that nothing has come in since. */
    std::map<pjsip_transport *, pj_time_val> waiting;
} guard;

pjsip_module guard_module;
pjsip_module door_module;

bool is_stream(const pjsip_transport *transport) { return (transport->flag & PJSIP_TRANSPORT_DATAGRAM) == 0; }

void respond(pjsip_rx_data *rdata, const agent_verdict &verdict) {
    pj_pool_t *pool = rdata->tp_info.pool;
    pjsip_hdr headers;
    pj_list_init(&headers);
    if (verdict.retry_after_s > 0)
        pj_list_push_back(&headers, pjsip_retry_after_hdr_create(pool, verdict.retry_after_s));
    if (verdict.accept) {
        pj_str_t name = pj_str(const_cast<char *>("Accept"));
        pj_str_t value = pj_str(const_cast<char *>(verdict.accept));
        pj_list_push_back(&headers, pjsip_generic_string_hdr_create(pool, &name, &value));
    }
    pj_str_t reason = pj_str(const_cast<char *>(verdict.reason));
    pjsip_endpt_respond_stateless(guard.endpoint, rdata, verdict.code, reason.slen ? &reason : nullptr,
                                  pj_list_empty(&headers) ? nullptr : &headers, nullptr);
}

pjsip_transaction *find_transaction(pjsip_rx_data *rdata, const pjsip_method &method) {
    pj_str_t key;
    if (pjsip_tsx_create_key(rdata->tp_info.pool, &key, PJSIP_ROLE_UAS, &method, rdata) != PJ_SUCCESS)
        return nullptr;
    pjsip_transaction *tsx = pjsip_tsx_layer_find_tsx2(&key, PJ_FALSE);
    /* The transaction layer takes no more messages for one that has ended. */
    return tsx && tsx->state < PJSIP_TSX_STATE_TERMINATED ? tsx : nullptr;
}

/* RFC 3261 9.2 matches a CANCEL by its branch; we want the rest of the INVITE's name as well. */
bool cancels(pjsip_rx_data *rdata) {
    pjsip_transaction *invite = find_transaction(rdata, *pjsip_get_invite_method());
    pjsip_dialog *dialog = invite ? pjsip_tsx_get_dlg(invite) : nullptr;
    return dialog && rdata->msg_info.cseq->cseq == invite->cseq &&
           pj_strcmp(&dialog->call_id->id, &rdata->msg_info.cid->id) == 0 &&
           pj_strcmp(&dialog->remote.info->tag, &rdata->msg_info.from->tag) == 0;
}

void describe_state(pjsip_rx_data *rdata, agent_message *out) {
    const pjsip_method &method = rdata->msg_info.msg->line.req.method;
    out->has_transaction = find_transaction(rdata, rdata->msg_info.cseq->method) != nullptr;
    if (method.id == PJSIP_CANCEL_METHOD)
        out->cancels = cancels(rdata);
    if (!rdata->msg_info.to->tag.slen)
        return;
    pjsip_dialog *dialog = pjsip_ua_find_dialog(&rdata->msg_info.cid->id, &rdata->msg_info.to->tag,
                                                &rdata->msg_info.from->tag, PJ_FALSE);
    if (!dialog)
        return;
    out->has_dialog = 1;
    out->remote_cseq = dialog->remote.cseq;
    pjsip_inv_session *invite = pjsip_dlg_get_inv_session(dialog);
    out->has_call = invite && invite->state != PJSIP_INV_STATE_DISCONNECTED;
    if (invite && invite->invite_tsx && invite->invite_tsx->role == PJSIP_ROLE_UAS)
        out->awaits_ack = invite->invite_tsx->cseq;
}

/* PJ_TRUE: the message stops here. */
pj_bool_t inspect(pjsip_rx_data *rdata, bool is_request) {
    guard.admission = Admission{};
    guard.waiting.erase(rdata->tp_info.transport);
    agent_message message;
    describe(rdata, &message);
    if (is_request)
        describe_state(rdata, &message);
    agent_verdict verdict{};
    verdict.account = -1;
    if (guard.ask(guard.user, &message, &verdict) != 0) {
        verdict = agent_verdict{};
        verdict.account = -1;
        verdict.code = PJSIP_SC_INTERNAL_SERVER_ERROR;
    }
    pjsip_msg *msg = rdata->msg_info.msg;
    if (verdict.code == 0) {
        /* A datagram may be longer than its message (RFC 3261 18.3); PJSIP takes all of it for the body. */
        pjsip_clen_hdr *length = rdata->msg_info.clen;
        if (msg->body && msg->body->data && length && length->len >= 0 && msg->body->len > (unsigned)length->len)
            msg->body->len = length->len;
        if (verdict.account >= 0) {
            guard.admission = {verdict.account, own(rdata->msg_info.cid->id), own(rdata->msg_info.from->tag),
                               own(rdata->msg_info.via->branch_param), rdata->msg_info.cseq->cseq};
            rdata->endpt_info.mod_data[guard_module.id] = &guard.admission;
        }
        return PJ_FALSE;
    }
    if (is_request && msg->line.req.method.id != PJSIP_ACK_METHOD)
        respond(rdata, verdict);
    return PJ_TRUE;
}

pj_bool_t inspect_or_drop(pjsip_rx_data *rdata, bool is_request) {
    pj_bool_t stops = PJ_TRUE;
    fence([&] { stops = inspect(rdata, is_request); });
    return stops;
}

pj_bool_t on_rx_request(pjsip_rx_data *rdata) {
    /* An answer goes to where its request came from, and to nowhere else that a stranger names (RFC 3261 18.2.2 would
     * have it sent there, and its name looked up). */
    rdata->msg_info.via->maddr_param.slen = 0;
    return inspect_or_drop(rdata, true);
}

pj_bool_t on_rx_response(pjsip_rx_data *rdata) { return inspect_or_drop(rdata, false); }

pj_status_t on_tx_request(pjsip_tx_data *tdata) {
    pjsip_transport *transport = tdata->tp_info.transport;
    if (transport && is_stream(transport) && tdata->msg->line.req.method.id != PJSIP_ACK_METHOD) {
        pj_time_val now;
        pj_gettickcount(&now);
        fence([&] { guard.waiting.emplace(transport, now); });
    }
    return PJ_SUCCESS;
}

pj_bool_t on_door(pjsip_rx_data *rdata) {
    if (rdata->msg_info.msg->line.req.method.id != PJSIP_INVITE_METHOD || pjsip_rdata_get_dlg(rdata) ||
        pjsip_rdata_get_tsx(rdata) || admitted_account(rdata) >= 0)
        return PJ_FALSE;
    agent_verdict verdict{};
    verdict.code = PJSIP_SC_FORBIDDEN;
    respond(rdata, verdict);
    return PJ_TRUE;
}

} // namespace

void describe(pjsip_rx_data *rdata, agent_message *out) {
    std::memset(out, 0, sizeof *out);
    pjsip_transport *transport = rdata->tp_info.transport;
    out->data = reinterpret_cast<uint8_t *>(rdata->msg_info.msg_buf);
    out->len = rdata->msg_info.len > 0 ? rdata->msg_info.len : 0;
    out->transport = is_stream(transport) ? AGENT_TRANSPORT_TCP : AGENT_TRANSPORT_UDP;
    out->local_port = pj_sockaddr_get_port(&transport->local_addr);
    out->source_ip = {rdata->pkt_info.src_name, std::strlen(rdata->pkt_info.src_name)};
    out->source_port = rdata->pkt_info.src_port;
    out->awaits_ack = -1;
    read(rdata, &out->reading);
}

int admitted_account(const pjsip_rx_data *rdata) {
    bool is_admitted = rdata->endpt_info.mod_data[guard_module.id] == &guard.admission && guard.admission.is_for(rdata);
    return is_admitted ? guard.admission.account : -1;
}

int take_admission(const pjsip_rx_data *rdata) {
    int account = guard.admission.is_for(rdata) ? guard.admission.account : -1;
    guard.admission = Admission{};
    return account;
}

void stream_state(pjsip_transport *transport, pjsip_transport_state state) {
    if (state != PJSIP_TP_STATE_CONNECTED)
        guard.waiting.erase(transport);
}

void drop_dead_streams(unsigned limit_s) {
    pj_time_val now;
    pj_gettickcount(&now);
    for (auto next = guard.waiting.begin(); next != guard.waiting.end();) {
        auto [transport, since] = *next++;
        if (now.sec - since.sec < static_cast<long>(limit_s))
            continue;
        PJ_LOG(3, ("guard.cpp", "%s: nothing has come in for %u s; the connection is given up", transport->obj_name, limit_s));
        guard.waiting.erase(transport);
        pjsip_transport_shutdown2(transport, PJ_TRUE);
    }
}

pj_status_t guard_install(pjsip_endpoint *endpoint, agent_guard_fn ask, void *user) {
    guard = {endpoint, ask, user, {}, {}};
    guard_module = pjsip_module{};
    guard_module.name = pj_str(const_cast<char *>("mod-agent-guard"));
    guard_module.id = -1;
    guard_module.priority = PJSIP_MOD_PRIORITY_TSX_LAYER - 1;
    guard_module.on_rx_request = &on_rx_request;
    guard_module.on_rx_response = &on_rx_response;
    guard_module.on_tx_request = &on_tx_request;
    door_module = pjsip_module{};
    door_module.name = pj_str(const_cast<char *>("mod-agent-door"));
    door_module.id = -1;
    door_module.priority = PJSIP_MOD_PRIORITY_APPLICATION - 1;
    door_module.on_rx_request = &on_door;
    pj_status_t status = pjsip_endpt_register_module(endpoint, &guard_module);
    return status == PJ_SUCCESS ? pjsip_endpt_register_module(endpoint, &door_module) : status;
}

void guard_remove() {
    for (pjsip_module *module : {&door_module, &guard_module})
        if (module->id != -1)
            pjsip_endpt_unregister_module(guard.endpoint, module);
    guard.waiting.clear();
}

} // namespace agent
