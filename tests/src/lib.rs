//! The whole system under test: scenarios, races, crashes, vectors.
