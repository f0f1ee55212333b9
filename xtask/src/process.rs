//! Starting other programs: for their output, into a log, or as servers that die with us.

use std::{
    ffi::OsStr,
    fs::File,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use anyhow::{Context as _, Result, bail};

/// Runs a command on our own terminal; an error when it fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    if succeeds(command)? {
        return Ok(());
    }
    bail!("{} failed", line(command))
}

/// Runs a command on our own terminal; whether it ended with 0.
pub(crate) fn succeeds(command: &mut Command) -> Result<bool> {
    let status = command.status().with_context(|| format!("{} does not start", line(command)))?;
    Ok(status.success())
}

/// Runs a command and takes what it printed; an error, with what it said, when it fails.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("{} does not start", line(command)))?;
    if !output.status.success() {
        bail!(
            "{} failed\n{}{}",
            line(command),
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Runs a command with everything that it prints in a file; whether it ended with 0.
pub(crate) fn logged(command: &mut Command, log: &Path) -> Result<bool> {
    let file = File::options().create(true).append(true).open(log)?;
    let status = command
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file)
        .status()
        .with_context(|| format!("{} does not start", line(command)))?;
    Ok(status.success())
}

/// Whether a program of this name can be started from here.
pub(crate) fn is_there(program: &str) -> bool {
    let Some(path) = std::env::var_os("PATH") else {
        return false;
    };
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// A command as one would type it.
fn line(command: &Command) -> String {
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(OsStr::to_string_lossy)
        .collect::<Vec<_>>()
        .join(" ")
}

/// A server that dies with us, however we die.
///
/// Between us and it stands a shell that reads from a pipe whose other end we hold: when we end, also by `kill -9`, the pipe
/// closes, the shell goes on, and ends the server. (The same by `prctl` would need unsafe code, and would be Linux alone.)
pub(crate) struct Guarded {
    shell: Child,
    pipe: Option<ChildStdin>,
    /// Kept open: a server that writes into a closed pipe would stumble.
    _said: BufReader<ChildStdout>,
}

/// Runs `"$@"` in the background, deaf to the terminal's Ctrl-C, until standard input closes. Only the server keeps our
/// output open, so that we notice when it ends before it said anything.
const GUARD: &str = r#"
trap '' INT
"$@" </dev/null &
exec >/dev/null
cat
kill "$!"
wait "$!"
"#;

impl Guarded {
    /// Starts a server whose first line of output begins with `listening on`, and waits for that line.
    pub(crate) fn start(command: Command, log: &Path) -> Result<Self> {
        let mut shell = Command::new("sh")
            .args(["-c", GUARD, "sh"])
            .arg(command.get_program())
            .args(command.get_args())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(log)?)
            .spawn()
            .context("sh does not start")?;
        let mut said = BufReader::new(shell.stdout.take().context("no output")?);
        let mut first = String::new();
        said.read_line(&mut first)?;
        let guarded = Self { pipe: shell.stdin.take(), shell, _said: said };
        if !first.starts_with("listening on ") {
            bail!("{} did not come up: {first}{}", line(&command), std::fs::read_to_string(log)?);
        }
        Ok(guarded)
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        drop(self.pipe.take());
        // The shell ends by itself now, after its server.
        let _ = self.shell.wait();
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::{Guarded, output};

    fn sh(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    fn lives(process: &str) -> bool {
        Command::new("kill").args(["-0", process]).output().unwrap().status.success()
    }

    #[test]
    fn a_server_ends_with_its_guard() {
        let folder = std::env::temp_dir().join(format!("xtask-guard-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let (pid, log) = (folder.join("pid"), folder.join("log"));
        let server = sh(&format!("echo $$ > {}; echo listening on nothing; exec sleep 600", pid.display()));
        let guarded = Guarded::start(server, &log).unwrap();
        let server = std::fs::read_to_string(pid).unwrap();
        assert!(lives(server.trim()));
        drop(guarded);
        assert!(!lives(server.trim()));
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_server_that_does_not_come_up_is_reported_with_what_it_said() {
        let log = std::env::temp_dir().join(format!("xtask-log-{}", std::process::id()));
        let refused = Guarded::start(sh("echo the file is in use >&2; exit 1"), &log).map(drop).unwrap_err();
        assert!(refused.to_string().contains("the file is in use"), "{refused}");
        std::fs::remove_file(log).unwrap();
    }

    #[test]
    fn a_failing_command_is_reported_as_one_would_type_it() {
        let failed = output(&mut sh("echo no >&2; exit 1")).unwrap_err().to_string();
        assert!(failed.contains("sh -c") && failed.ends_with("no\n"), "{failed}");
    }
}
