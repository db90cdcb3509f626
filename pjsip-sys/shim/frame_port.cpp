#include "frame_port.hpp"

#include "fence.hpp"

#include <cstring>

namespace agent {

void Graveyard::bury(FramePort *port) noexcept {
    port->next = head.load(std::memory_order_relaxed);
    while (!head.compare_exchange_weak(port->next, port, std::memory_order_release, std::memory_order_relaxed)) {
    }
    if (closed.load(std::memory_order_relaxed))
        sweep();
}

void Graveyard::close() noexcept {
    closed.store(true, std::memory_order_relaxed);
    sweep();
}

void Graveyard::sweep() noexcept {
    FramePort *port = head.exchange(nullptr, std::memory_order_acquire);
    while (port) {
        FramePort *next = port->next;
        port->frames.release(port->frames.user);
        pj_pool_release(port->pool);
        live.fetch_sub(1, std::memory_order_relaxed);
        port = next;
    }
}

static pj_status_t frame_port_on_destroy(pjmedia_port *base) {
    auto *port = reinterpret_cast<FramePort *>(base);
    port->graveyard->bury(port);
    return PJ_SUCCESS;
}

pj_status_t frame_port_get(pjmedia_port *base, pjmedia_frame *frame) {
    auto *port = reinterpret_cast<FramePort *>(base);
    auto *samples = static_cast<int16_t *>(frame->buf);
    if (port->silenced || port->frames.get(port->frames.user, samples) != 0) {
        port->silenced = true;
        std::memset(samples, 0, AGENT_FRAME_SAMPLES * sizeof *samples);
    }
    frame->type = PJMEDIA_FRAME_TYPE_AUDIO;
    frame->size = AGENT_FRAME_SAMPLES * sizeof *samples;
    return PJ_SUCCESS;
}

pj_status_t frame_port_put(pjmedia_port *base, pjmedia_frame *frame) {
    static const int16_t silence[AGENT_FRAME_SAMPLES] = {};
    auto *port = reinterpret_cast<FramePort *>(base);
    /* The bridge sends an empty frame when there is nothing; the capture time line goes on all the same. */
    bool audio = frame->type == PJMEDIA_FRAME_TYPE_AUDIO && frame->size >= sizeof silence;
    if (!port->silenced)
        port->silenced = port->frames.put(port->frames.user, audio ? static_cast<int16_t *>(frame->buf) : silence) != 0;
    return PJ_SUCCESS;
}

FramePort *FramePort::create(pj_pool_factory *factory, Graveyard *graveyard, const agent_frames &frames) {
    pj_pool_t *pool = pj_pool_create(factory, "agent", 1024, 512, nullptr);
    if (!pool) {
        frames.release(frames.user);
        throw std::bad_alloc();
    }
    auto *port = static_cast<FramePort *>(pj_pool_zalloc(pool, sizeof(FramePort)));
    pj_str_t name = pj_str(const_cast<char *>("agent"));
    pj_status_t status = pjmedia_port_info_init(&port->base.info, &name, PJMEDIA_SIG_CLASS_APP('A', 'G', 'T'), 16000, 1, 16,
                                                AGENT_FRAME_SAMPLES);
    port->pool = pool;
    port->graveyard = graveyard;
    port->frames = frames;
    port->base.get_frame = &frame_port_get;
    port->base.put_frame = &frame_port_put;
    port->base.on_destroy = &frame_port_on_destroy;
    if (status == PJ_SUCCESS)
        status = pjmedia_port_init_grp_lock(&port->base, pool, nullptr);
    if (status != PJ_SUCCESS) {
        frames.release(frames.user);
        pj_pool_release(pool);
        check(status, "create the call's media port");
    }
    graveyard->live.fetch_add(1, std::memory_order_relaxed);
    return port;
}

void BridgeSlot::set(FramePort *new_port) {
    port = new_port;
    registerMediaPort2(&port->base, port->pool);
}

void BridgeSlot::clear() noexcept {
    if (!port)
        return;
    fence([&] { unregisterMediaPort(); });
    /* Drops our own reference. The bridge removes the port with its next tick and drops the last. */
    pjmedia_port_destroy(&port->base);
    port = nullptr;
}

} // namespace agent
