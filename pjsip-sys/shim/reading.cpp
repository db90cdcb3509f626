#include "reading.hpp"

#include "fence.hpp"

#include <cstring>
#include <memory>

namespace agent {
namespace {

agent_uri uri_of(const void *any) {
    agent_uri out{};
    auto *uri = static_cast<const pjsip_uri *>(any);
    if (!uri)
        return out;
    if (PJSIP_URI_SCHEME_IS_SIP(uri) || PJSIP_URI_SCHEME_IS_SIPS(uri)) {
        auto *sip = static_cast<const pjsip_sip_uri *>(pjsip_uri_get_uri(uri));
        out = {1, view(sip->user), view(sip->host), static_cast<uint16_t>(sip->port)};
    }
    return out;
}

/* More than one of a type: PJSIP goes by the last, others by the first. */
bool is_repeated(const pjsip_msg *msg, pjsip_hdr_e type) {
    auto *first = static_cast<pjsip_hdr *>(pjsip_msg_find_hdr(msg, type, nullptr));
    return first && pjsip_msg_find_hdr(msg, type, first->next);
}

} // namespace

void read(const pjsip_rx_data *rdata, agent_reading *out) {
    std::memset(out, 0, sizeof *out);
    const pjsip_msg *msg = rdata->msg_info.msg;
    out->is_request = msg->type == PJSIP_REQUEST_MSG;
    const pjsip_method &method = out->is_request ? msg->line.req.method : rdata->msg_info.cseq->method;
    out->method = view(method.name);
    out->call_id = view(rdata->msg_info.cid->id);
    out->from_tag = view(rdata->msg_info.from->tag);
    out->to_tag = view(rdata->msg_info.to->tag);
    out->cseq = static_cast<uint32_t>(rdata->msg_info.cseq->cseq);
    out->cseq_method = view(rdata->msg_info.cseq->method.name);
    for (pjsip_hdr_e type : {PJSIP_H_CALL_ID, PJSIP_H_CSEQ, PJSIP_H_FROM, PJSIP_H_TO, PJSIP_H_MAX_FORWARDS,
                             PJSIP_H_CONTENT_LENGTH, PJSIP_H_CONTENT_TYPE})
        out->is_repeated |= is_repeated(msg, type);
    pj_str_t replaces = pj_str(const_cast<char *>("Replaces"));
    out->has_replaces = pjsip_msg_find_hdr_by_name(msg, &replaces, nullptr) != nullptr;

    out->from = uri_of(rdata->msg_info.from->uri);
    out->to = uri_of(rdata->msg_info.to->uri);
    if (out->is_request)
        out->request = uri_of(msg->line.req.uri);
    const pjsip_via_hdr *via = rdata->msg_info.via;
    out->via_transport = view(via->transport);
    out->via_host = view(via->sent_by.host);
    out->via_port = static_cast<uint16_t>(via->sent_by.port);
    out->via_branch = view(via->branch_param);
    auto *contact = static_cast<pjsip_contact_hdr *>(pjsip_msg_find_hdr(msg, PJSIP_H_CONTACT, nullptr));
    if (contact && !contact->star)
        out->contact = uri_of(contact->uri);
}

} // namespace agent

/* ---- for the fuzz targets: PJSIP's parser alone ---- */

struct agent_parser {
    pj_caching_pool factory;
    pjsip_endpoint *endpoint;
};

int agent_parser_open(agent_parser **out) noexcept {
    *out = nullptr;
    return agent::fence([&] {
        pj_log_set_level(0);
        agent::check(pj_init(), "pj_init");
        auto parser = std::make_unique<agent_parser>();
        pj_caching_pool_init(&parser->factory, nullptr, 0);
        agent::check(pjsip_endpt_create(&parser->factory.factory, "parser", &parser->endpoint), "create an endpoint");
        agent::check(pjsip_tsx_layer_init_module(parser->endpoint), "transactions");
        agent::check(pjsip_ua_init_module(parser->endpoint, nullptr), "dialogs");
        agent::check(pjsip_100rel_init_module(parser->endpoint), "100rel");
        agent::check(pjsip_replaces_init_module(parser->endpoint), "Replaces");
        agent::check(pjsip_timer_init_module(parser->endpoint), "session timers");
        *out = parser.release();
    });
}

int agent_parser_parse(agent_parser *parser, char *data, size_t len,
                       void (*take)(void *user, const agent_reading *reading), void *user) noexcept {
    pj_pool_t *pool = pj_pool_create(&parser->factory.factory, "message", 4000, 4000, nullptr);
    if (!pool)
        return PJ_ENOMEM;
    pjsip_rx_data rdata{};
    rdata.tp_info.pool = pool;
    pj_list_init(&rdata.msg_info.parse_err);
    rdata.msg_info.msg_buf = data;
    rdata.msg_info.len = static_cast<int>(len);
    rdata.msg_info.msg = pjsip_parse_rdata(data, len, &rdata);
    /* As pjsip_tpmgr_receive_packet decides what reaches the modules. */
    bool passes = rdata.msg_info.msg && pj_list_empty(&rdata.msg_info.parse_err) && rdata.msg_info.cid &&
                  rdata.msg_info.cid->id.slen && rdata.msg_info.from && rdata.msg_info.to && rdata.msg_info.via &&
                  rdata.msg_info.cseq;
    if (passes) {
        agent_reading reading;
        agent::read(&rdata, &reading);
        take(user, &reading);
    }
    pj_pool_release(pool);
    return passes ? PJ_SUCCESS : PJSIP_EINVALIDMSG;
}
