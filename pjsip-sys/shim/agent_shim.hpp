/* The whole C ABI between the daemon and PJSUA2: plain structs, opaque handles, integers.
 *
 * Every function returns 0 (PJ_SUCCESS) or a pj_status_t; agent_last_error() then has the words. No C++ exception
 * leaves a function, and a callback must not unwind into one: it returns 0, or non-zero for "failed".
 *
 * Threads. All functions belong to the one SIP thread, and the callbacks of agent_events run on it, inside the function
 * that it is in (mostly agent_endpoint_poll). Exceptions: agent_clock_enter and agent_clock_tick, and with the latter
 * agent_frames' put and get, belong to the media clock thread; agent_log_fn may be called by any thread of PJLIB;
 * agent_last_error, agent_strerror and the fence tests may be called by any. */
#ifndef AGENT_SHIM_HPP
#define AGENT_SHIM_HPP

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define AGENT_NOEXCEPT noexcept
extern "C" {
#else
#define AGENT_NOEXCEPT
#endif

/* Bytes, not NUL-terminated, valid for the duration of the call. */
typedef struct agent_str {
    const char *ptr;
    size_t len;
} agent_str;

typedef struct agent_endpoint agent_endpoint;
typedef struct agent_clock agent_clock;

#define AGENT_FRAME_SAMPLES 320 /* 20 ms at 16 kHz, mono, s16 */

/* Over TCP a message's length is derived from its Content-Length. */
typedef enum agent_transport { AGENT_TRANSPORT_UDP, AGENT_TRANSPORT_TCP } agent_transport;

/* Media encryption by SDES. */
typedef enum agent_srtp { AGENT_SRTP_OFF, AGENT_SRTP_OPTIONAL, AGENT_SRTP_MANDATORY } agent_srtp;

/* A sip: or sips: URI; of another scheme, or of none, all of it is empty. */
typedef struct agent_uri {
    int is_sip;
    agent_str user; /* unescaped */
    agent_str host;
    uint16_t port; /* 0: none */
} agent_uri;

/* What PJSIP's parser made of a message: what its upper layers go by. */
typedef struct agent_reading {
    int is_request;
    agent_str method; /* of a response that of its CSeq */
    agent_str call_id;
    agent_str from_tag;
    agent_str to_tag;
    uint32_t cseq;
    agent_str cseq_method;
    int is_repeated;  /* a Call-ID, CSeq, From, To, Max-Forwards, Content-Length or Content-Type was found twice */
    int has_replaces;
    agent_uri request;
    agent_uri from;
    agent_uri to;
    agent_uri contact; /* the first one */
    agent_str via_transport; /* of the topmost Via */
    agent_str via_host;
    uint16_t via_port; /* 0: none */
    agent_str via_branch;
} agent_reading;

/* One received SIP message, before any layer but PJSIP's header parser has seen it. */
typedef struct agent_message {
    uint8_t *data; /* the whole message as received; the guard may overwrite bytes of the body in place */
    size_t len;
    agent_transport transport;
    uint16_t local_port; /* of the listener it came in by */
    agent_str source_ip;
    uint16_t source_port;
    agent_reading reading;
    /* Of a request, what PJSIP has for it. */
    int has_transaction; /* a retransmission, or the ACK of a refusal */
    int cancels;         /* a CANCEL whose INVITE has the same branch, Call-ID, From tag and CSeq number */
    int has_dialog;      /* with this Call-ID and both tags */
    int has_call;        /* the dialog's call is up; after its BYE a subscription may be left of it */
    int64_t remote_cseq; /* the peer's highest so far in that dialog; -1: none */
    int64_t awaits_ack;  /* CSeq number of the dialog's INVITE that waits for its ACK; -1: none does */
} agent_message;

/* An IP address as text. */
typedef struct agent_address {
    agent_str ip;
} agent_address;

/* A 401 or 407 to a request of ours. */
typedef struct agent_challenge {
    int account;
    int is_register;    /* the challenged request */
    agent_str source_ip;
    agent_str sent_to_ip; /* where the challenged request went; empty: not known */
    const agent_str *realms; /* of each WWW-Authenticate and Proxy-Authenticate header */
    size_t realm_count;
} agent_challenge;

/* What the guard decides about a message. */
typedef struct agent_verdict {
    int code;           /* 0: pass it on; else the final response to a request (a response or ACK is dropped) */
    char reason[64];    /* NUL-terminated; empty: the code's own phrase */
    int retry_after_s;  /* 0: no Retry-After header */
    const char *accept; /* static, NULL: no Accept header */
    int account;        /* of an INVITE that may become a call: the account that takes it; -1: it must not */
} agent_verdict;

typedef int (*agent_guard_fn)(void *user, const agent_message *message, agent_verdict *verdict);

/* What happened; only enqueue here. */
typedef struct agent_events {
    void *user;
    agent_guard_fn guard;
    int (*registration)(void *user, int account, int status, int code, agent_str reason, uint32_t expires_s,
                        agent_str source_ip, uint16_t source_port);
    int (*incoming)(void *user, int account, int call, const agent_message *invite);
    int (*media)(void *user, int call, int active, agent_str codec, unsigned clock_rate_hz, agent_str remote);
    int (*dtmf)(void *user, int call, char digit);
    /* An INFO of the call's dialog; `code` is what it is answered with. */
    int (*info)(void *user, int call, agent_str content_type, agent_str body, int *code);
    /* `answer` is non-zero to answer with the account's credentials. */
    int (*challenge)(void *user, const agent_challenge *challenge, int *answer);
    /* A host name to be looked up; agent_endpoint_resolved answers. */
    int (*resolve)(void *user, uint64_t lookup, agent_str host);
    int (*transfer)(void *user, int call, int code, int final_notify);
    int (*ended)(void *user, int call, int code, agent_str reason, int by_peer);
} agent_events;

/* One line of PJLIB's log: 1 error, 2 warning, 3 info, 4 and above debug. */
typedef void (*agent_log_fn)(int level, const char *line, size_t len);

typedef struct agent_settings {
    agent_str user_agent;
    unsigned max_calls;
    unsigned log_level; /* 0 to 5, PJLIB's scale */
    agent_log_fn log;
} agent_settings;

/* The two halves of a call's audio. Non-zero from get or put silences the port from then on. */
typedef struct agent_frames {
    void *user;
    int (*get)(void *user, int16_t *samples);
    int (*put)(void *user, const int16_t *samples);
    void (*release)(void *user); /* once, on the SIP thread, when neither can be called any more */
} agent_frames;

typedef struct agent_account_settings {
    agent_str aor;       /* "sip:user@host" */
    agent_str registrar; /* empty: a local account that takes direct calls and never registers */
    agent_str username;
    agent_str password;
    agent_str realm;     /* "*" for any */
    unsigned expires_s;
    int listener;        /* from agent_endpoint_listen; -1: chosen by the URI */
    agent_str public_address; /* empty: the interface's own */
    agent_str media_address;  /* RTP is bound here; empty: any */
    uint16_t rtp_port_min;
    uint16_t rtp_port_max;
    agent_srtp srtp;
} agent_account_settings;

typedef struct agent_media_stats {
    uint64_t rx_packets;
    uint64_t tx_packets;
    uint64_t rx_lost;
    unsigned rx_jitter_us;
    unsigned rtt_us;        /* 0: not known */
    unsigned jitter_buffer_ms;
    int has_media;          /* an audio stream was negotiated, in whatever direction */
    int receiving;          /* both sides are to send; a peer that only sends has put us on hold (RFC 3264 8.4) */
} agent_media_stats;

/* Endpoint: at most one in a process. */
/* `wake_fd`: the reading end of a datagram socket pair, owned by the callee from here on; any datagram written to the
 * other end makes a waiting agent_endpoint_poll return. */
int agent_endpoint_create(const agent_settings *settings, const agent_events *events, int wake_fd,
                          agent_endpoint **out) AGENT_NOEXCEPT;
/* `listener` is PJSUA's number of it. */
int agent_endpoint_listen(agent_endpoint *endpoint, agent_transport transport, agent_str ip, uint16_t port,
                          agent_str public_address, int *listener) AGENT_NOEXCEPT;
int agent_endpoint_codec(agent_endpoint *endpoint, agent_str name, uint8_t priority) AGENT_NOEXCEPT; /* "" is every codec */
int agent_endpoint_start(agent_endpoint *endpoint) AGENT_NOEXCEPT;
int agent_endpoint_poll(agent_endpoint *endpoint, unsigned timeout_ms) AGENT_NOEXCEPT;
/* Ports registered and not yet released; they go away as the clock ticks and poll is called. */
unsigned agent_endpoint_live_ports(agent_endpoint *endpoint) AGENT_NOEXCEPT;
/* The answer to agent_events.resolve; no address: the lookup failed. Sends what waited for it. */
int agent_endpoint_resolved(agent_endpoint *endpoint, uint64_t lookup, const agent_address *addresses, size_t count) AGENT_NOEXCEPT;
/* Gives up each TCP connection on which a request has waited for `limit_s` seconds without anything coming in. */
int agent_endpoint_drop_dead_streams(agent_endpoint *endpoint, unsigned limit_s) AGENT_NOEXCEPT;
/* The clock must be closed before. */
void agent_endpoint_destroy(agent_endpoint *endpoint) AGENT_NOEXCEPT;

/* Media clock: the master of the conference bridge, which has no sound device. */
int agent_clock_open(agent_endpoint *endpoint, agent_clock **out) AGENT_NOEXCEPT; /* SIP thread */
int agent_clock_enter(agent_clock *clock) AGENT_NOEXCEPT; /* registers the calling thread, once, before the first tick */
int agent_clock_tick(agent_clock *clock) AGENT_NOEXCEPT;
void agent_clock_close(agent_clock *clock) AGENT_NOEXCEPT; /* after the clock thread was joined */

/* Accounts. */
int agent_account_add(agent_endpoint *endpoint, const agent_account_settings *settings, int *account) AGENT_NOEXCEPT;
int agent_account_register(agent_endpoint *endpoint, int account, int on) AGENT_NOEXCEPT;

/* Calls. `frames` is owned by the callee from here on, also when it fails. */
int agent_call_ring(agent_endpoint *endpoint, int call) AGENT_NOEXCEPT;
int agent_call_answer(agent_endpoint *endpoint, int call, const agent_frames *frames) AGENT_NOEXCEPT;
int agent_call_reject(agent_endpoint *endpoint, int call, int code, agent_str reason, int retry_after_s) AGENT_NOEXCEPT;
/* `reason`: the text of a Reason header (Q.850 cause 102, recovery on timer expiry); empty: none. */
int agent_call_hang_up(agent_endpoint *endpoint, int call, agent_str reason) AGENT_NOEXCEPT;
/* Ends the call without a word to the peer, whatever it is waiting for. */
int agent_call_abandon(agent_endpoint *endpoint, int call) AGENT_NOEXCEPT;
int agent_call_transfer(agent_endpoint *endpoint, int call, agent_str target) AGENT_NOEXCEPT;
int agent_call_send_dtmf(agent_endpoint *endpoint, int call, agent_str digits) AGENT_NOEXCEPT;
int agent_call_stats(agent_endpoint *endpoint, int call, agent_media_stats *out) AGENT_NOEXCEPT;

/* Errors. Both write a NUL-terminated text and return its length. */
size_t agent_last_error(char *out, size_t size) AGENT_NOEXCEPT; /* of the last failed call on this thread */
size_t agent_strerror(int status, char *out, size_t size) AGENT_NOEXCEPT;

/* For the fence tests: raises what `kind` says (0 pj::Error, 1 std::bad_alloc, 2 an int) behind the same fence as all
 * of the above. */
int agent_fence_throw(int kind) AGENT_NOEXCEPT;
/* For the fence tests: calls both halves as the bridge would, then releases. */
int agent_fence_frames(const agent_frames *frames, unsigned ticks) AGENT_NOEXCEPT;

/* For the fuzz targets: PJSIP's parser without an endpoint under it. One a process, and never beside one. */
typedef struct agent_parser agent_parser;
int agent_parser_open(agent_parser **out) AGENT_NOEXCEPT;
/* `data[len]` must be NUL. `take` is called once, if the message would reach PJSIP's modules. */
int agent_parser_parse(agent_parser *parser, char *data, size_t len,
                       void (*take)(void *user, const agent_reading *reading), void *user) AGENT_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif
