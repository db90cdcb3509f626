#include "guard.hpp"

#include <cstring>

namespace agent {
namespace {

struct Guard {
    pjsip_endpoint *endpoint;
    agent_guard_fn ask;
    void *user;
    int selected_account;
} guard;

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

/* PJ_TRUE: the message stops here. */
pj_bool_t inspect(pjsip_rx_data *rdata, bool is_request) {
    agent_message message;
    describe(rdata, &message);
    agent_verdict verdict{};
    verdict.account = -1;
    if (guard.ask(guard.user, &message, &verdict) != 0) {
        verdict = agent_verdict{};
        verdict.code = PJSIP_SC_INTERNAL_SERVER_ERROR;
    }
    pjsip_msg *msg = rdata->msg_info.msg;
    if (verdict.code == 0) {
        /* A datagram may be longer than its message (RFC 3261 18.3); PJSIP takes all of it for the body. */
        pjsip_clen_hdr *length = rdata->msg_info.clen;
        if (msg->body && msg->body->data && length && length->len >= 0 && msg->body->len > (unsigned)length->len)
            msg->body->len = length->len;
        guard.selected_account = verdict.account;
        return PJ_FALSE;
    }
    if (is_request && msg->line.req.method.id != PJSIP_ACK_METHOD)
        respond(rdata, verdict);
    return PJ_TRUE;
}

pj_bool_t on_rx_request(pjsip_rx_data *rdata) { return inspect(rdata, true); }
pj_bool_t on_rx_response(pjsip_rx_data *rdata) { return inspect(rdata, false); }

pjsip_module module;

} // namespace

void describe(pjsip_rx_data *rdata, agent_message *out) {
    std::memset(out, 0, sizeof *out);
    pjsip_msg *msg = rdata->msg_info.msg;
    pjsip_transport *transport = rdata->tp_info.transport;
    out->data = reinterpret_cast<uint8_t *>(rdata->msg_info.msg_buf);
    out->len = rdata->msg_info.len > 0 ? rdata->msg_info.len : 0;
    out->is_request = msg->type == PJSIP_REQUEST_MSG;
    if (!out->is_request)
        out->status = msg->line.status.code;
    out->is_stream = (transport->flag & PJSIP_TRANSPORT_DATAGRAM) == 0;
    out->local_port = pj_sockaddr_get_port(&transport->local_addr);
    out->source_ip = {rdata->pkt_info.src_name, std::strlen(rdata->pkt_info.src_name)};
    out->source_port = rdata->pkt_info.src_port;
}

pj_status_t guard_install(pjsip_endpoint *endpoint, agent_guard_fn ask, void *user) {
    guard = {endpoint, ask, user, -1};
    module = pjsip_module{};
    module.name = pj_str(const_cast<char *>("mod-agent-guard"));
    module.id = -1;
    module.priority = PJSIP_MOD_PRIORITY_TSX_LAYER - 1;
    module.on_rx_request = &on_rx_request;
    module.on_rx_response = &on_rx_response;
    return pjsip_endpt_register_module(endpoint, &module);
}

void guard_remove() {
    if (module.id != -1)
        pjsip_endpt_unregister_module(guard.endpoint, &module);
}

int guard_selected_account() { return guard.selected_account; }

} // namespace agent
