//! What the companion decides: pure state machines for pairing, challenges, codes and the vault.
