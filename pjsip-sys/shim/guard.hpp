/* Our two PJSIP modules. The guard stands in front of the transaction and UA layers: it shows each message to the guard
 * callback and refuses or drops what that refuses, before PJSUA or PJMEDIA see it. The door stands in front of PJSUA: no
 * INVITE passes it that would become a call and was not admitted as one. */
#ifndef AGENT_GUARD_HPP
#define AGENT_GUARD_HPP

#include "agent_shim.hpp"

#include <pjsip.h>

namespace agent {

/* Fills `out` from what PJSIP's parser left in `rdata`. `rdata` must outlive `out`. */
void describe(pjsip_rx_data *rdata, agent_message *out);

pj_status_t guard_install(pjsip_endpoint *endpoint, agent_guard_fn guard, void *user);
void guard_remove();

/* The account that the INVITE in `rdata` was admitted for; -1: it was not admitted. */
int admitted_account(const pjsip_rx_data *rdata);

/* The same for an INVITE that may be a clone of the one admitted; an admission is taken once. */
int take_admission(const pjsip_rx_data *rdata);

/* Shuts down each TCP connection on which a request has waited for this long without anything coming in. */
void drop_dead_streams(unsigned limit_s);
void stream_state(pjsip_transport *transport, pjsip_transport_state state);

} // namespace agent

#endif
