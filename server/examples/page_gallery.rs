//! Writes every state of every page in both languages as files, to be looked at and tested:
//!
//! ```text
//! cargo run -p koppel-server --example page_gallery -- FOLDER
//! ```
//!
//! The folder gets `nl/…html`, `en/…html`, the files under `static/` that the pages load, and
//! `index.json` with the names and with the content security policy that the server sends.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use askama::Template as _;
use koppel_server::pages::*;
use serde_json::{Map, Value, json};

#[path = "../src/pages/samples.rs"]
mod samples;

fn main() -> anyhow::Result<()> {
    let folder = std::env::args_os().nth(1);
    let folder = folder.context("say into which folder: page_gallery FOLDER")?;
    let folder = Path::new(&folder);

    fs::create_dir_all(folder.join("static"))?;
    for asset in assets::all() {
        fs::write(folder.join("static").join(&asset.name), &asset.bytes)?;
    }
    fs::create_dir_all(folder.join("static/own"))?;
    let (accent, logo) = samples::look();
    for file in own_files(Some(accent), Some(&logo)) {
        fs::write(folder.join("static/own").join(&file.name), file.bytes)?;
    }
    let mut statuses = Map::new();
    for language in Language::ALL {
        let pages = folder.join(language.tag());
        fs::create_dir_all(&pages)?;
        for (name, sample) in samples::all(language) {
            let (html, status) = match sample {
                samples::Sample::Verify(page) => (page.render()?, page.status()),
                samples::Sample::Enrol(page) => (page.render()?, page.status()),
                samples::Sample::Settings(page) => (page.render()?, page.status()),
                samples::Sample::History(page) => (page.render()?, page.status()),
                samples::Sample::Wizard(page) => (page.render()?, page.status()),
                samples::Sample::Link(page) => (page.render()?, page.status()),
                samples::Sample::Message(page) => (page.render()?, page.status()),
                samples::Sample::SignIn(page) => (page.render()?, page.status()),
                samples::Sample::Welcome(page) => (page.render()?, page.status()),
                samples::Sample::Home(page) => (page.render()?, page.status()),
                samples::Sample::Call(page) => (page.render()?, page.status()),
                samples::Sample::Panels(page) => (page.render()?, page.status()),
                samples::Sample::OwnRules(page) => (page.render()?, page.status()),
                samples::Sample::Panel(page) => (page.render()?, page.status()),
                samples::Sample::Audit(page) => (page.render()?, page.status()),
            };
            fs::write(pages.join(format!("{name}.html")), html)?;
            statuses.insert(name, Value::from(status.as_u16()));
        }
    }
    let index = json!({
        "languages": Language::ALL.map(Language::tag),
        "pages": statuses,
        "policy": content_security_policy(None),
    });
    fs::write(folder.join("index.json"), serde_json::to_vec_pretty(&index)?)?;
    Ok(())
}
