//! The panel over real HTTP, beside a verification server that does as it is told: honest, broken, or hostile.

#![allow(unreachable_pub, reason = "the modules of one test")]

mod browser;
mod directory_question;
mod pages;
mod phone;
mod roll_out;
mod row_14_fail_closed;
mod row_46_prompt_phishing;
mod row_49_hostile_server;
mod sessions;
mod verification_server;
mod world;
