/* Our PJSIP module in front of the transaction and UA layers: shows each message to the guard callback and refuses or
 * drops what that refuses, before PJSUA or PJMEDIA see it. */
#ifndef AGENT_GUARD_HPP
#define AGENT_GUARD_HPP

#include "agent_shim.hpp"

#include <pjsip.h>

namespace agent {

/* Fills `out` from what PJSIP's parser left in `rdata`. `source` must outlive `out`. */
void describe(pjsip_rx_data *rdata, agent_message *out);

pj_status_t guard_install(pjsip_endpoint *endpoint, agent_guard_fn guard, void *user);
void guard_remove();

/* The account the guard chose for the INVITE it passed last. */
int guard_selected_account();

} // namespace agent

#endif
