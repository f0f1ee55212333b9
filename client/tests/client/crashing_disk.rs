//! A disk in memory that remembers every step, and can tell what may lie on it after the power failed.
//!
//! It is as unkind as POSIX allows: bytes that were not synced may be there, be missing, be cut short or be noise; a rename
//! that was not synced may or may not have happened, on its own, whatever became of the bytes.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use koppel_client::disk::Disk;

#[derive(Clone, Debug)]
enum Step {
    Write(PathBuf, Vec<u8>),
    SyncFile(PathBuf),
    Rename(PathBuf, PathBuf),
    SyncFolder,
    Remove(PathBuf),
}

/// What happens to the bytes that were written and not synced.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Unsynced {
    Kept,
    Lost,
    Torn,
    Noise,
}

/// What happens to the names that were changed and not synced.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Names {
    Kept,
    Lost,
}

type Files = BTreeMap<PathBuf, Vec<u8>>;

/// The recording disk.
#[derive(Default)]
pub(crate) struct CrashingDisk {
    files: Mutex<Files>,
    steps: Mutex<Vec<Step>>,
}

impl CrashingDisk {
    /// A disk on which these files lie, durably.
    pub(crate) fn with(files: Files) -> Self {
        Self { files: Mutex::new(files), steps: Mutex::default() }
    }

    pub(crate) fn files(&self) -> Files {
        self.files.lock().unwrap().clone()
    }

    /// Every state in which a power failure during the recorded steps may leave a disk that began as `before`.
    pub(crate) fn states_after_a_crash(&self, before: &Files) -> Vec<(String, Files)> {
        let steps = self.steps.lock().unwrap().clone();
        let mut states = Vec::new();
        for done in 0..=steps.len() {
            for bytes in [Unsynced::Kept, Unsynced::Lost, Unsynced::Torn, Unsynced::Noise] {
                for names in [Names::Kept, Names::Lost] {
                    let story = format!("after {done} of {} steps, {bytes:?}, {names:?}", steps.len());
                    states.push((story, replay(before, &steps[..done], bytes, names)));
                }
            }
        }
        states
    }

    fn step(&self, step: Step) {
        self.steps.lock().unwrap().push(step);
    }
}

/// Contents are numbered, as inodes are, so that a name and what it leads to become durable each by itself.
fn replay(before: &Files, steps: &[Step], bytes: Unsynced, kept: Names) -> Files {
    let mut contents: Vec<(Vec<u8>, bool)> = Vec::new();
    let mut names: BTreeMap<PathBuf, usize> = BTreeMap::new();
    for (path, content) in before {
        names.insert(path.clone(), contents.len());
        contents.push((content.clone(), true));
    }
    let mut durable_names = names.clone();
    for step in steps {
        match step {
            Step::Write(path, content) => {
                names.insert(path.clone(), contents.len());
                contents.push((content.clone(), false));
            }
            Step::SyncFile(path) => contents[names[path]].1 = true,
            Step::Rename(from, to) => {
                let inode = names.remove(from).unwrap();
                names.insert(to.clone(), inode);
            }
            Step::SyncFolder => durable_names = names.clone(),
            Step::Remove(path) => {
                names.remove(path);
            }
        }
    }
    let names = match kept {
        Names::Kept => names,
        Names::Lost => durable_names,
    };
    names
        .into_iter()
        .map(|(path, inode)| {
            let (content, synced) = &contents[inode];
            let content = match bytes {
                _ if *synced => content.clone(),
                Unsynced::Kept => content.clone(),
                Unsynced::Lost => Vec::new(),
                Unsynced::Torn => content[..content.len() / 2].to_vec(),
                Unsynced::Noise => vec![0xa5; content.len()],
            };
            (path, content)
        })
        .collect()
}

impl Disk for CrashingDisk {
    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        Ok(self.files.lock().unwrap().get(path).cloned())
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.files.lock().unwrap().insert(path.to_owned(), bytes.to_vec());
        self.step(Step::Write(path.to_owned(), bytes.to_vec()));
        Ok(())
    }

    fn sync_file(&self, path: &Path) -> io::Result<()> {
        self.step(Step::SyncFile(path.to_owned()));
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut files = self.files.lock().unwrap();
        let content = files.remove(from).ok_or(io::ErrorKind::NotFound)?;
        files.insert(to.to_owned(), content);
        drop(files);
        self.step(Step::Rename(from.to_owned(), to.to_owned()));
        Ok(())
    }

    fn sync_folder(&self, _folder: &Path) -> io::Result<()> {
        self.step(Step::SyncFolder);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.files.lock().unwrap().remove(path);
        self.step(Step::Remove(path.to_owned()));
        Ok(())
    }
}
