/* The media clock: the master of the conference bridge. */
#include "objects.hpp"

using agent::check;
using agent::fence;

struct agent_clock {
    pjmedia_port *master = nullptr;
    pj_thread_desc desc{};
    pj_thread_t *thread = nullptr;
    int16_t samples[AGENT_FRAME_SAMPLES];
};

int agent_clock_open(agent_endpoint *endpoint, agent_clock **out) noexcept {
    *out = nullptr;
    return fence([&] {
        auto clock = std::make_unique<agent_clock>();
        clock->master = static_cast<pjmedia_port *>(static_cast<void *>(endpoint->lib.audDevManager().setNoDev()));
        if (!clock->master)
            check(PJ_EINVALIDOP, "get the conference bridge's master port");
        *out = clock.release();
    });
}

int agent_clock_enter(agent_clock *clock) noexcept {
    return pj_thread_register("media-clock", clock->desc, &clock->thread);
}

int agent_clock_tick(agent_clock *clock) noexcept {
    pjmedia_frame frame{};
    frame.type = PJMEDIA_FRAME_TYPE_AUDIO;
    frame.buf = clock->samples;
    frame.size = sizeof clock->samples;
    return pjmedia_port_get_frame(clock->master, &frame);
}

void agent_clock_close(agent_clock *clock) noexcept { delete clock; }
