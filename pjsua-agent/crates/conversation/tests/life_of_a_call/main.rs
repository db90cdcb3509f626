//! The machine's behaviour in the order of a call's life: exact lists of actions on a virtual clock.

#![allow(clippy::unwrap_used)]

mod line;

mod a_answering;
mod b_listening;
mod c_replying;
mod d_speaking;
mod e_interrupting;
mod f_keys;
mod g_silence;
mod h_failing;
mod i_closing;
mod j_turn_ends;
mod k_speculation;
mod l_overlap;
mod m_openings;
mod n_requests;
mod o_hearsay;
mod p_languages;
mod q_tools;
