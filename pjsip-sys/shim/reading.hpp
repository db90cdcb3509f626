/* What PJSIP has read of a message, as views into its buffers. */
#ifndef AGENT_READING_HPP
#define AGENT_READING_HPP

#include "agent_shim.hpp"

#include <pjsip.h>

#include <string>

namespace agent {

inline std::string own(const pj_str_t &s) { return std::string(s.ptr, s.slen > 0 ? static_cast<size_t>(s.slen) : 0); }
inline agent_str view(const pj_str_t &s) { return {s.ptr, s.slen > 0 ? static_cast<size_t>(s.slen) : 0}; }

/* `out` is valid as long as `rdata` is. */
void read(const pjsip_rx_data *rdata, agent_reading *out);

} // namespace agent

#endif
