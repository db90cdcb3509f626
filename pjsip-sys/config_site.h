/* Our PJSIP settings, one reason a line. A change here rebuilds PJSIP (build/vendored.rs hashes this file). */

/* Capacity. Twice the peak we serve, since conference slots and transactions outlive their call during churn. */
#define PJSUA_MAX_CALLS                     2000    /* twice SipConfig::MAX_CALLS; allocated at run time by need */
#define PJSUA_MAX_ACC                       128     /* accounts, plus one for direct calls a listener */
#define PJSUA_MAX_CONF_PORTS                4096    /* two ports a call (stream and ours), twice the peak */
#define PJSUA_MAX_PLAYERS                   1       /* unused: we play from memory */
#define PJSUA_MAX_RECORDERS                 1       /* unused */
#define PJSUA_MAX_BUDDIES                   1       /* no presence */
#define PJ_IOQUEUE_MAX_HANDLES              8192    /* about three a call; needs the epoll ioqueue, select stops at FD_SETSIZE */
#define PJSIP_MAX_TSX_COUNT                 16383   /* a UDP transaction lingers 32 s: 500 new ones a second */
#define PJSIP_MAX_DIALOG_COUNT              4095    /* dialogs of refused calls linger as well */
#define PJSIP_MAX_NET_EVENTS                16      /* datagrams taken a poll; 1 falls behind in a burst */
#define PJSIP_MAX_TIMED_OUT_ENTRIES         64      /* timers fired a poll; 10 falls behind with hundreds of calls */

/* SIP. */
#define PJSIP_MAX_PKT_LEN                   16384   /* INVITEs with certificates, history and SDP pass 4,000 bytes */
#define PJSIP_MAX_URL_SIZE                  1024    /* contact URIs with GRUU and route parameters pass 256 bytes */
#define PJSIP_SAFE_MODULE                   1       /* modules are looked up under the lock: ours unregisters at stop */
#define PJSIP_TCP_KEEP_ALIVE_INTERVAL       60      /* keeps NAT bindings of TCP registrations open */
#define PJSIP_TCP_INITIAL_TIMEOUT           32      /* a connection without a message is closed: 8,000 silent ones would take all handles */
#define PJSUA_REG_RETRY_INTERVAL            0       /* retries are ours: exponential, with jitter, reported */

/* Media. */
#define PJMEDIA_CONF_USE_AGC                0       /* the level given to recognition must not pump */
#define PJMEDIA_CONF_BACKEND                PJMEDIA_CONF_SERIAL_BRIDGE_BACKEND /* mixes clock rates; parallel was slower on two cores */
#define PJMEDIA_HAS_SPEEX_AEC               0       /* no acoustic path on our side */
#define PJMEDIA_HAS_VIDEO                   0       /* audio only */
#define PJMEDIA_SRTP_HAS_DTLS               1       /* WebRTC-facing PBXs; SDES alone is not enough */
#define PJMEDIA_SRTP_HAS_AES_GCM_256        0       /* does not link with distributions' shared libsrtp2 */
#define PJMEDIA_SRTP_HAS_AES_GCM_128        0       /* as above */
#define PJMEDIA_HAS_LEGACY_SOUND_API        1       /* PJSUA-LIB calls it even with no sound device */
#define PJMEDIA_CODEC_OPUS_DEFAULT_SAMPLE_RATE 16000 /* the bridge's rate: no resampling, and a cheaper decoder */
#define PJMEDIA_CODEC_OPUS_DEFAULT_COMPLEXITY  2    /* speech at 16 kHz gains little above it */
#define PJMEDIA_CODEC_OPUS_DEFAULT_BIT_RATE 24000   /* wideband speech, mono (RFC 7587 3.1.1: 16-20 kbit/s and some room) */
#define PJMEDIA_CODEC_OPUS_LIB_NAME         "opus"  /* linked by us */
#define PJMEDIA_RTP_NAT_PROBATION_CNT       250     /* packets from elsewhere before RTP follows them; at 10, a burst between two frames steals a call */
#define PJMEDIA_MAX_PLC_DURATION_MSEC       100     /* longer concealment drones, and reads as speech to a detector */

/* Logs. */
#define PJ_LOG_MAX_LEVEL                    5       /* compiled in; the level at run time is ours */
#define PJ_LOG_MAX_SIZE                     8000    /* a SIP message is logged whole at debug */
