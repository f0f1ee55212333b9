//! Where accounts are kept: one transaction, one verdict. SQLite and the in-memory reference model.
