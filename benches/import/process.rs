//! What a process takes from its beginning to its end, as Linux counts it.

use std::{
    fs::File,
    io::{Read, Seek},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// What a process took.
pub(crate) struct Spent {
    pub(crate) wall: Duration,
    /// Seconds of user and system time, of all its threads.
    pub(crate) cpu: f64,
    /// Bytes that it had written to files of a disk; `None` where the system does not say.
    pub(crate) written: Option<u64>,
    pub(crate) peak_mib: f64,
}

/// How often the peak is looked at: only a rise within the last moment of a process is missed.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// Runs a program to its end; it has to succeed. One at a time: what its children took is added to this process as each of them ends.
pub(crate) fn run(command: &mut Command) -> Spent {
    let mut said = tempfile::tempfile().expect("a temporary file");
    command.stdout(said.try_clone().expect("a handle")).stderr(said.try_clone().expect("a handle"));
    let (cpu, written) = (ended_children_cpu(), written());
    let began = Instant::now();
    let mut child = command.spawn().expect("the program starts");
    let has_ended = Arc::new(AtomicBool::new(false));
    let watcher = {
        let (id, has_ended) = (child.id(), has_ended.clone());
        std::thread::spawn(move || watch_peak(id, &has_ended))
    };
    let status = child.wait().expect("the program ends");
    let wall = began.elapsed();
    has_ended.store(true, Ordering::Relaxed);
    let peak_mib = watcher.join().expect("the peak is known");
    assert!(status.success(), "{command:?} failed: {}", words(&mut said));
    Spent {
        wall,
        cpu: ended_children_cpu() - cpu,
        written: written.zip(self::written()).map(|(before, after)| after - before),
        peak_mib,
    }
}

fn words(file: &mut File) -> String {
    let mut text = Vec::new();
    file.rewind().and_then(|()| file.read_to_end(&mut text)).expect("its words are read");
    String::from_utf8_lossy(&text).into_owned()
}

fn watch_peak(id: u32, has_ended: &AtomicBool) -> f64 {
    let mut peak: f64 = 0.0;
    while !has_ended.load(Ordering::Relaxed) {
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
        peak = peak.max(line.and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0));
        std::thread::sleep(LOOK_EVERY);
    }
    peak / 1024.0
}

/// What the system knows of a process.
pub(crate) struct ProcessState {
    pub(crate) name: String,
    pub(crate) parent: u32,
    /// Its own CPU time in seconds.
    pub(crate) own_cpu: f64,
    /// That of its children that have ended.
    pub(crate) ended_children_cpu: f64,
}

/// The system's unit for CPU time, which Linux fixes for programs.
const TICKS_PER_SECOND: f64 = 100.0;

impl ProcessState {
    /// Reads it; `id` may be `self`. `None` if there is no such process here.
    pub(crate) fn read(id: &str) -> Option<Self> {
        let text = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        let (head, rest) = text.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let ticks = |at: usize| fields.get(at)?.parse::<f64>().ok();
        Some(Self {
            name: head.split_once('(')?.1.to_owned(),
            parent: fields.get(1)?.parse().ok()?,
            own_cpu: (ticks(11)? + ticks(12)?) / TICKS_PER_SECOND,
            ended_children_cpu: (ticks(13)? + ticks(14)?) / TICKS_PER_SECOND,
        })
    }
}

fn ended_children_cpu() -> f64 {
    ProcessState::read("self").expect("this bench needs Linux: it reads /proc").ended_children_cpu
}

/// What this process and its children that have ended had written.
fn written() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/io").ok()?;
    text.lines().find_map(|line| line.strip_prefix("write_bytes: "))?.trim().parse().ok()
}

/// The CPU time of a process, of its children that run and of those that have ended; in seconds.
pub(crate) fn family_cpu(id: u32) -> Option<f64> {
    let own = ProcessState::read(&id.to_string())?;
    let running: f64 = std::fs::read_dir("/proc")
        .ok()?
        .flatten()
        .filter_map(|entry| ProcessState::read(entry.file_name().to_str().filter(|name| name.parse::<u32>().is_ok())?))
        .filter(|state| state.parent == id)
        .map(|state| state.own_cpu + state.ended_children_cpu)
        .sum();
    Some(own.own_cpu + own.ended_children_cpu + running)
}
