//! Starts the program, and holds everything it says to what is promised: no panic, no secret, an end in time.

use std::{
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, mpsc},
    time::Duration,
};

use serde_json::Value;

/// No command here takes longer, on a slow machine.
const PATIENCE: Duration = Duration::from_mins(2);

/// What a command said and how it ended.
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A folder in which the program runs, with a clean environment.
pub(crate) struct Place {
    pub(crate) folder: tempfile::TempDir,
    /// What may stand in nothing that the program says.
    pub(crate) secrets: Vec<String>,
    pub(crate) environment: Vec<(String, String)>,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temp folder"), secrets: Vec::new(), environment: Vec::new() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("is written");
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program());
        command.current_dir(self.folder.path()).args(arguments).stdin(Stdio::null());
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("STORE_SYNC_")) {
            command.env_remove(name);
        }
        command.env_remove("RUST_BACKTRACE").envs(self.environment.iter().cloned());
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        let child = self.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
        let said = finish(child, &arguments.join(" "));
        self.check(&said, &arguments.join(" "));
        said
    }

    /// Runs a command that has to succeed.
    pub(crate) fn done(&self, arguments: &[&str]) -> Said {
        let said = self.run(arguments);
        assert_eq!(said.code, Some(0), "{arguments:?}: {}{}", said.stdout, said.stderr);
        said
    }

    /// Runs a command that has to succeed and to answer with one JSON document.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let arguments: Vec<&str> = ["--json"].iter().chain(arguments).copied().collect();
        let said = self.done(&arguments);
        serde_json::from_str(&said.stdout).unwrap_or_else(|e| panic!("{arguments:?}: {e}: {}", said.stdout))
    }

    /// What holds for every word of the program.
    pub(crate) fn check(&self, said: &Said, of: &str) {
        let code = said.code.unwrap_or(-1);
        assert!((0..=2).contains(&code) || code == 75, "{of} ended with {code}: {}", said.stderr);
        for text in [&said.stdout, &said.stderr] {
            sound(text, of);
            for secret in &self.secrets {
                assert!(!text.contains(secret.as_str()), "{of} says a secret ({secret}): {text}");
            }
        }
    }

    /// Starts a command that stays.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        let mut child = self.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
        let (send, lines) = mpsc::channel();
        let all = Arc::new(Mutex::new(String::new()));
        let out = child.stdout.take().expect("a pipe");
        let err = child.stderr.take().expect("a pipe");
        for pipe in [Box::new(out) as Box<dyn Read + Send>, Box::new(err)] {
            let (send, all) = (send.clone(), all.clone());
            std::thread::spawn(move || {
                for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                    let mut all = all.lock().expect("is whole");
                    all.push_str(&line);
                    all.push('\n');
                    drop(all);
                    let _ = send.send(line);
                }
            });
        }
        Running { child, lines, all, name: arguments.join(" ") }
    }
}

/// The program as it was built for this run, or the one that a release is about to carry.
fn program() -> PathBuf {
    std::env::var_os("STORE_SYNC_PROGRAM").map_or_else(|| env!("CARGO_BIN_EXE_store-sync").into(), PathBuf::from)
}

/// No fault of the program is in its words, in whatever form panics are told.
fn sound(text: &str, of: &str) {
    for word in ["panicked at", "a fault in the program", "RUST_BACKTRACE"] {
        assert!(!text.contains(word), "{of}: {text}");
    }
}

fn finish(mut child: Child, of: &str) -> Said {
    let read = |pipe: Option<Box<dyn Read + Send>>| {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            pipe.expect("a pipe").read_to_end(&mut bytes).expect("is read");
            String::from_utf8(bytes).expect("is UTF-8")
        })
    };
    let out = read(child.stdout.take().map(|pipe| Box::new(pipe) as _));
    let err = read(child.stderr.take().map(|pipe| Box::new(pipe) as _));
    let status = wait(&mut child, of);
    Said { code: status.code(), stdout: out.join().expect("is read"), stderr: err.join().expect("is read") }
}

/// Waits for a process, but never for ever.
#[expect(clippy::disallowed_methods, reason = "the system's processes have the system's time")]
fn wait(child: &mut Child, of: &str) -> ExitStatus {
    let began = std::time::Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("is ours") {
            return status;
        }
        if began.elapsed() > PATIENCE {
            let _ = child.kill();
            panic!("{of} does not end");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A process that stays. Killed when the test ends.
pub(crate) struct Running {
    child: Child,
    lines: mpsc::Receiver<String>,
    all: Arc<Mutex<String>>,
    name: String,
}

impl Running {
    /// Waits for the first line that `pick` finds something in.
    pub(crate) fn wait_for<T>(&mut self, pick: impl Fn(&str) -> Option<T>) -> T {
        loop {
            let Ok(line) = self.lines.recv_timeout(PATIENCE) else {
                panic!("{} never said it: {}", self.name, self.said());
            };
            if let Some(found) = pick(&line) {
                return found;
            }
        }
    }

    /// Everything it said so far.
    pub(crate) fn said(&self) -> String {
        self.all.lock().expect("is whole").clone()
    }

    /// Asks it to end, as a service manager does, and gives everything it said.
    pub(crate) fn terminate(mut self) -> Said {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().expect("runs").success());
        let status = wait(&mut self.child, &self.name);
        // Both pipes are at their end when the last sender is gone.
        while self.lines.recv_timeout(PATIENCE).is_ok() {}
        let stderr = self.said();
        sound(&stderr, &self.name);
        Said { code: status.code(), stdout: String::new(), stderr }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
