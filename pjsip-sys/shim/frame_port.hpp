/* A call's end of the conference bridge: a plain pjmedia_port, since AudioMediaPort allocates a vector a frame under the
 * group lock. get_frame and put_frame touch nothing but the two callbacks. */
#ifndef AGENT_FRAME_PORT_HPP
#define AGENT_FRAME_PORT_HPP

#include "agent_shim.hpp"

#include <pjsua2.hpp>

#include <atomic>
#include <memory>

namespace agent {

struct FramePort;

/* Where destroyed ports wait for the SIP thread: on_destroy runs on the media clock, which must not free memory. */
class Graveyard {
  public:
    void bury(FramePort *port) noexcept;
    void sweep() noexcept; /* SIP thread */
    void close() noexcept; /* SIP thread, the media clock has stopped: from now on a buried port is freed at once */
    std::atomic<unsigned> live{0};

  private:
    std::atomic<FramePort *> head{nullptr};
    std::atomic<bool> closed{false};
};

struct FramePort {
    pjmedia_port base; /* first: upstream passes a pointer to it */
    pj_pool_t *pool;
    Graveyard *graveyard;
    agent_frames frames;
    FramePort *next;
    bool silenced; /* a callback failed; only the media clock touches it */

    static FramePort *create(pj_pool_factory *factory, Graveyard *graveyard, const agent_frames &frames);
};

pj_status_t frame_port_get(pjmedia_port *port, pjmedia_frame *frame);
pj_status_t frame_port_put(pjmedia_port *port, pjmedia_frame *frame);

/* The port's slot in the bridge, by PJSUA2's own door. */
class BridgeSlot : public pj::AudioMedia {
  public:
    ~BridgeSlot() override { clear(); }
    void set(FramePort *port);
    void clear() noexcept;
    bool is_set() const { return port != nullptr; }

  private:
    FramePort *port = nullptr;
};

} // namespace agent

#endif
