/* Errors in words, and what the tests of the fence need. */
#include "objects.hpp"

#include <cstring>

using agent::fence;

size_t agent_last_error(char *out, size_t size) noexcept {
    if (!size)
        return 0;
    std::snprintf(out, size, "%s", agent::last_error);
    return std::strlen(out);
}

size_t agent_strerror(int status, char *out, size_t size) noexcept {
    if (!size)
        return 0;
    pj_str_t s = pj_strerror(status, out, size);
    out[size - 1] = '\0';
    return static_cast<size_t>(s.slen);
}

int agent_fence_throw(int kind) noexcept {
    return fence([&] {
        switch (kind) {
        case 0:
            throw pj::Error(PJ_EINVALIDOP, "fence test", "a pj::Error", __FILE__, __LINE__);
        case 1:
            throw std::bad_alloc();
        default:
            throw kind;
        }
    });
}

int agent_fence_frames(const agent_frames *frames, unsigned ticks) noexcept {
    agent::FramePort port{};
    port.frames = *frames;
    int16_t samples[AGENT_FRAME_SAMPLES] = {};
    for (unsigned i = 0; i < ticks; ++i) {
        pjmedia_frame frame{};
        frame.type = PJMEDIA_FRAME_TYPE_AUDIO;
        frame.buf = samples;
        frame.size = sizeof samples;
        agent::frame_port_put(&port.base, &frame);
        agent::frame_port_get(&port.base, &frame);
    }
    frames->release(frames->user);
    return port.silenced ? PJ_ECANCELLED : PJ_SUCCESS;
}
