/* The endpoint: its life, its listeners, its event loop. */
#include "objects.hpp"
#include "guard.hpp"
#include "resolver.hpp"

#include <pjsua-lib/pjsua_internal.h>

#include <unistd.h>

using agent::check;
using agent::fence;
using agent::text;

namespace agent {

void AgentEndpoint::onSelectAccount(pj::OnSelectAccountParam &prm) {
    int account = agent::admitted_account(static_cast<pjsip_rx_data *>(prm.rdata.pjRxData));
    if (account >= 0)
        prm.accountIndex = account;
}

void AgentEndpoint::onTransportState(const pj::OnTransportStateParam &prm) {
    agent::stream_state(static_cast<pjsip_transport *>(prm.hnd), prm.state);
}

} // namespace agent

static agent_log_fn log_sink;

static void log_line(int level, const char *data, int len) {
    if (log_sink && len > 0)
        log_sink(level, data, len);
}

static void arm_wake(agent_endpoint *endpoint) {
    pj_ssize_t size = sizeof endpoint->wake_buffer;
    while (pj_ioqueue_recv(endpoint->wake_key, &endpoint->wake_op, endpoint->wake_buffer, &size, 0) == PJ_SUCCESS)
        size = sizeof endpoint->wake_buffer;
}

static void on_wake(pj_ioqueue_key_t *key, pj_ioqueue_op_key_t *, pj_ssize_t) {
    arm_wake(static_cast<agent_endpoint *>(pj_ioqueue_get_user_data(key)));
}

static void watch_wake(agent_endpoint *endpoint, int fd) {
    pj_ioqueue_callback callbacks{};
    callbacks.on_read_complete = &on_wake;
    check(pj_ioqueue_register_sock(pjsua_var.pool, pjsip_endpt_get_ioqueue(pjsua_get_pjsip_endpt()), fd, endpoint,
                                   &callbacks, &endpoint->wake_key),
          "register the wake-up socket");
    pj_ioqueue_op_key_init(&endpoint->wake_op, sizeof endpoint->wake_op);
    arm_wake(endpoint);
}

static pj::EpConfig configuration(const agent_settings &settings) {
    pj::EpConfig config;
    /* Twice the peak: slots outlive their call during churn. The guard holds the limit. */
    config.uaConfig.maxCalls = 2 * settings.max_calls;
    config.uaConfig.threadCnt = 0;
    config.uaConfig.mainThreadOnly = true;
    config.uaConfig.userAgent = text(settings.user_agent);
    config.uaConfig.mwiUnsolicitedEnabled = false;
    config.logConfig.level = settings.log_level;
    config.logConfig.consoleLevel = 0;
    config.logConfig.msgLogging = settings.log_level >= 5;
    config.logConfig.decor = PJ_LOG_HAS_SENDER;
    config.medConfig.clockRate = 16000;
    config.medConfig.sndClockRate = 16000;
    config.medConfig.audioFramePtime = 20;
    config.medConfig.ptime = 20;
    config.medConfig.channelCount = 1;
    config.medConfig.maxMediaPorts = 4 * settings.max_calls + 8;
    config.medConfig.hasIoqueue = true;
    config.medConfig.threadCnt = 1;
    config.medConfig.noVad = true;
    config.medConfig.ecTailLen = 0;
    /* Below 3 the bridge asks for its cheapest filter, which is speexdsp quality 3: 48 taps at 8 kHz, 3 ms of delay. */
    config.medConfig.quality = 2;
    config.medConfig.jbMax = 200;
    return config;
}

int agent_endpoint_create(const agent_settings *settings, const agent_events *events, int wake_fd,
                          agent_endpoint **out) noexcept {
    *out = nullptr;
    bool fd_is_watched = false;
    int status = fence([&] {
        log_sink = settings->log;
        pj_log_set_log_func(&log_line);
        pj_log_set_level(settings->log_level);
        auto endpoint = std::make_unique<agent_endpoint>();
        endpoint->events = *events;
        endpoint->lib.libCreate();
        pjsip_cfg()->endpt.disable_tcp_switch = PJ_TRUE;
        endpoint->lib.libInit(configuration(*settings));
        pj_log_set_log_func(&log_line);
        check(agent::guard_install(pjsua_get_pjsip_endpt(), events->guard, events->user), "install the guard");
        check(agent::resolver_install(pjsua_get_pjsip_endpt(), events->resolve, events->user), "install the resolver");
        watch_wake(endpoint.get(), wake_fd);
        fd_is_watched = true;
        *out = endpoint.release();
    });
    if (!fd_is_watched)
        close(wake_fd);
    return status;
}

int agent_endpoint_listen(agent_endpoint *endpoint, agent_transport transport, agent_str ip, uint16_t port,
                          agent_str public_address, int *listener) noexcept {
    return fence([&] {
        pj::TransportConfig config;
        config.boundAddress = text(ip);
        config.port = port;
        config.publicAddress = text(public_address);
        bool v6 = config.boundAddress.find(':') != std::string::npos;
        auto type = transport == AGENT_TRANSPORT_TCP ? (v6 ? PJSIP_TRANSPORT_TCP6 : PJSIP_TRANSPORT_TCP)
                                                     : (v6 ? PJSIP_TRANSPORT_UDP6 : PJSIP_TRANSPORT_UDP);
        *listener = endpoint->lib.transportCreate(type, config);
    });
}

int agent_endpoint_codec(agent_endpoint *endpoint, agent_str name, uint8_t priority) noexcept {
    return fence([&] { endpoint->lib.codecSetPriority(text(name), priority); });
}

int agent_endpoint_start(agent_endpoint *endpoint) noexcept {
    return fence([&] { endpoint->lib.libStart(); });
}

int agent_endpoint_poll(agent_endpoint *endpoint, unsigned timeout_ms) noexcept {
    return fence([&] {
        endpoint->lib.libHandleEvents(timeout_ms);
        endpoint->dead.clear();
        endpoint->graveyard.sweep();
    });
}

unsigned agent_endpoint_live_ports(agent_endpoint *endpoint) noexcept {
    return endpoint->graveyard.live.load(std::memory_order_relaxed);
}

int agent_endpoint_resolved(agent_endpoint *, uint64_t lookup, const agent_address *addresses, size_t count) noexcept {
    return fence([&] { agent::resolved(lookup, addresses, count); });
}

int agent_endpoint_drop_dead_streams(agent_endpoint *, unsigned limit_s) noexcept {
    return fence([&] { agent::drop_dead_streams(limit_s); });
}

void agent_endpoint_destroy(agent_endpoint *endpoint) noexcept {
    if (!endpoint)
        return;
    fence([&] {
        endpoint->calls.clear();
        endpoint->dead.clear();
    });
    endpoint->graveyard.close();
    if (endpoint->wake_key)
        pj_ioqueue_unregister(endpoint->wake_key);
    agent::guard_remove();
    agent::resolver_remove();
    fence([&] { endpoint->accounts.clear(); });
    fence([&] { endpoint->lib.libDestroy(PJSUA_DESTROY_NO_RX_MSG); });
    fence([&] { delete endpoint; });
    log_sink = nullptr;
}
