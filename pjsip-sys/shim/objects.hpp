/* What the functions of agent_shim.hpp work on: PJSUA2's endpoint, accounts and calls, and what is kept beside them. */
#ifndef AGENT_OBJECTS_HPP
#define AGENT_OBJECTS_HPP

#include "agent_shim.hpp"
#include "fence.hpp"
#include "frame_port.hpp"

#include <pjsua2.hpp>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace agent {

inline std::string text(agent_str s) { return s.len ? std::string(s.ptr, s.len) : std::string(); }
inline agent_str view(const std::string &s) { return {s.data(), s.size()}; }

class AgentCall : public pj::Call {
  public:
    AgentCall(agent_endpoint &endpoint, pj::Account &account, int id) : Call(account, id), endpoint(endpoint) {}

    agent::BridgeSlot slot;
    bool ending = false; /* by our own request */

    void onCallState(pj::OnCallStateParam &prm) override;

    void onCallMediaState(pj::OnCallMediaStateParam &) override;

    void onDtmfDigit(pj::OnDtmfDigitParam &prm) override;

    /* First of all layers: what is answered here PJSUA leaves alone. Its own reading of an INFO takes the body for a
     * NUL-terminated text. */
    void onCallTsxState(pj::OnCallTsxStateParam &prm) override;

    void onCallTransferStatus(pj::OnCallTransferStatusParam &prm) override;

    /* The peer must not make us dial. The guard refuses both already. */
    void onCallTransferRequest(pj::OnCallTransferRequestParam &prm) override;
    void onCallReplaceRequest(pj::OnCallReplaceRequestParam &prm) override;

    /* Index of the audio stream that runs, -1 if none does. */
    int audio_index() const;

  private:
    void answer_info(pjsip_transaction *tsx, pjsip_rx_data *rdata);

    agent_endpoint &endpoint;
};

class AgentAccount : public pj::Account {
  public:
    explicit AgentAccount(agent_endpoint &endpoint) : endpoint(endpoint) {}

    void onRegState(pj::OnRegStateParam &prm) override;

    void onIncomingCall(pj::OnIncomingCallParam &prm) override;

    void onAuthChallenge(pj::OnAuthChallengeParam &prm) override;

  private:
    /* Whether the account's credentials are for whoever asks. */
    bool may_answer(pjsip_rx_data *rdata);

    agent_endpoint &endpoint;
};

class AgentEndpoint : public pj::Endpoint {
  public:
    void onSelectAccount(pj::OnSelectAccountParam &prm) override;

    void onTransportState(const pj::OnTransportStateParam &prm) override;
};

} // namespace agent

struct agent_endpoint {
    agent_events events{};
    agent::AgentEndpoint lib;
    agent::Graveyard graveyard;
    std::map<int, std::unique_ptr<agent::AgentAccount>> accounts;
    std::map<int, std::unique_ptr<agent::AgentCall>> calls;
    std::vector<std::unique_ptr<agent::AgentCall>> dead; /* deleted after poll, never inside their own callback */

    pj_ioqueue_key_t *wake_key = nullptr;
    pj_ioqueue_op_key_t wake_op{};
    char wake_buffer[64];

    /* Throws when it has ended. */
    agent::AgentCall &call(int id);
};

#endif
