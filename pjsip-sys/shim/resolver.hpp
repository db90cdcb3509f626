/* Names are looked up elsewhere: PJSIP's own way, getaddrinfo() on the thread that asks, stops all SIP while a name server
 * does not answer. */
#ifndef AGENT_RESOLVER_HPP
#define AGENT_RESOLVER_HPP

#include "agent_shim.hpp"

#include <pjsip.h>

namespace agent {

using resolve_fn = int (*)(void *user, uint64_t lookup, agent_str host);

pj_status_t resolver_install(pjsip_endpoint *endpoint, resolve_fn ask, void *user);
/* Hands the addresses of a lookup to whoever waits for them; none: it failed. */
void resolved(uint64_t lookup, const agent_address *addresses, size_t count);
/* Forgets what is still waited for. */
void resolver_remove();

} // namespace agent

#endif
