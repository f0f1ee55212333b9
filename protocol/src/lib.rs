//! What travels between phone, server and panel: messages, proofs, sealed envelopes, koppelcodes.
