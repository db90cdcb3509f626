#include "resolver.hpp"

#include "fence.hpp"
#include "reading.hpp"

#include <map>
#include <string>

namespace agent {
namespace {

struct Lookup {
    std::string host;
    int port;
    unsigned type; /* pjsip_transport_type_e, with or without its IPv6 bit */
    void *token;
    pjsip_resolver_callback *done;
};

struct Resolver {
    resolve_fn ask;
    void *user;
    uint64_t last;
    std::map<uint64_t, Lookup> lookups;
} resolver;

/* RFC 3263 4.1 without NAPTR: what is not said follows from the URI's scheme. */
unsigned transport_type(const pjsip_host_info &target) {
    if (target.type != PJSIP_TRANSPORT_UNSPECIFIED)
        return target.type;
    if (target.flag & PJSIP_TRANSPORT_SECURE)
        return PJSIP_TRANSPORT_TLS;
    return target.flag & PJSIP_TRANSPORT_RELIABLE ? PJSIP_TRANSPORT_TCP : PJSIP_TRANSPORT_UDP;
}

bool parse(const std::string &text, pj_sockaddr *address) {
    pj_str_t s = {const_cast<char *>(text.data()), static_cast<pj_ssize_t>(text.size())};
    int family = text.find(':') == std::string::npos ? pj_AF_INET() : pj_AF_INET6();
    return pj_sockaddr_init(family, address, nullptr, 0) == PJ_SUCCESS &&
           pj_inet_pton(family, &s, pj_sockaddr_get_addr(address)) == PJ_SUCCESS;
}

void add(const Lookup &lookup, const std::string &ip, pjsip_server_addresses &found) {
    pj_sockaddr address;
    if (found.count == PJ_ARRAY_SIZE(found.entry) || !parse(ip, &address))
        return;
    bool is_v6 = address.addr.sa_family == pj_AF_INET6();
    if ((lookup.type & PJSIP_TRANSPORT_IPV6) && !is_v6)
        return;
    auto type = static_cast<pjsip_transport_type_e>((lookup.type & ~unsigned(PJSIP_TRANSPORT_IPV6)) |
                                                    (is_v6 ? unsigned(PJSIP_TRANSPORT_IPV6) : 0U));
    int port = lookup.port ? lookup.port : pjsip_transport_get_default_port_for_type(type);
    pj_sockaddr_set_port(&address, static_cast<pj_uint16_t>(port));
    auto &entry = found.entry[found.count++];
    entry = {};
    entry.name = {const_cast<char *>(lookup.host.data()), static_cast<pj_ssize_t>(lookup.host.size())};
    entry.type = type;
    entry.addr = address;
    entry.addr_len = static_cast<int>(pj_sockaddr_get_len(&address));
}

void finish(const Lookup &lookup, const pjsip_server_addresses &found) {
    /* PJ_ERESOLVE becomes 502 in the transaction. */
    lookup.done(found.count ? PJ_SUCCESS : PJ_ERESOLVE, lookup.token, &found);
}

void begin(const pjsip_host_info &target, void *token, pjsip_resolver_callback *done) {
    Lookup lookup{own(target.addr.host), target.addr.port, transport_type(target), token, done};
    pj_sockaddr address;
    if (parse(lookup.host, &address)) {
        pjsip_server_addresses found{};
        add(lookup, lookup.host, found);
        return finish(lookup, found);
    }
    uint64_t number = ++resolver.last;
    const Lookup &kept = resolver.lookups[number] = std::move(lookup);
    if (resolver.ask(resolver.user, number, {kept.host.data(), kept.host.size()}) != 0)
        resolved(number, nullptr, 0);
}

void resolve(pjsip_resolver_t *, pj_pool_t *, const pjsip_host_info *target, void *token, pjsip_resolver_callback *done) {
    if (fence([&] { begin(*target, token, done); }) == PJ_SUCCESS)
        return;
    pjsip_server_addresses none{};
    done(PJ_ENOMEM, token, &none);
}

pjsip_ext_resolver hook;

} // namespace

pj_status_t resolver_install(pjsip_endpoint *endpoint, resolve_fn ask, void *user) {
    resolver = {ask, user, 0, {}};
    hook.resolve = &resolve;
    return pjsip_endpt_set_ext_resolver(endpoint, &hook);
}

void resolved(uint64_t number, const agent_address *addresses, size_t count) {
    auto at = resolver.lookups.find(number);
    if (at == resolver.lookups.end())
        return;
    Lookup lookup = std::move(at->second);
    resolver.lookups.erase(at);
    pjsip_server_addresses found{};
    for (size_t i = 0; i < count; ++i)
        add(lookup, std::string(addresses[i].ip.ptr, addresses[i].ip.len), found);
    finish(lookup, found);
}

void resolver_remove() { resolver.lookups.clear(); }

} // namespace agent
