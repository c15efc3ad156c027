//! The source of the key ring: the configuration, a file, or a command such as a secret manager's.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Arc, mpsc},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use secrecy::{ExposeSecret, SecretBox, SecretString};
use zeroize::Zeroizing;

use super::VaultError;
use crate::outside::{Random, private, small};

/// Keys, the current one first.
pub(super) type Ring = Arc<Vec<Arc<Key>>>;

/// One key.
pub(super) struct Key {
    pub(super) id: String,
    pub(super) bytes: SecretBox<[u8; 32]>,
}

/// The source of the ring, always as text: `id:base64` of 32 bytes per key, separated by newlines or commas.
pub enum KeySource {
    /// The text itself, from the configuration or the environment.
    Given(SecretString),
    /// A file that only its owner may read; created with a new key if missing.
    File(PathBuf),
    /// A program and its arguments; it prints the ring.
    Command(Vec<String>),
}

/// The time limit of a command.
const PATIENCE: Duration = Duration::from_secs(30);

impl KeySource {
    /// Whether another read may return a different ring.
    pub(super) fn can_change(&self) -> bool {
        !matches!(self, Self::Given(_))
    }

    /// The key file, if it is missing and would be created.
    pub fn missing_file(&self) -> Option<&Path> {
        match self {
            Self::File(file) if !file.exists() => Some(file),
            _ => None,
        }
    }

    /// Where keys are added, as text for a person.
    pub(super) fn location(&self) -> String {
        match self {
            Self::Given(_) => "[vault] keys".to_owned(),
            Self::File(file) => file.display().to_string(),
            Self::Command(_) => "what [vault] keys_command prints".to_owned(),
        }
    }

    /// Reads the ring again. Fails if the key file is missing: it is not recreated while a process still has its keys.
    pub(super) fn read_again(&self, random: &Random) -> Result<Ring, VaultError> {
        match self {
            Self::File(file) if !file.exists() => Err(unusable(&file.display().to_string(), "the file is gone")),
            _ => self.read(random, &[]),
        }
    }

    /// Reads the ring; a new key gets an id that is not among the `taken` ones.
    pub(super) fn read(&self, random: &Random, taken: &[String]) -> Result<Ring, VaultError> {
        match self {
            Self::Given(text) => parse(text.expose_secret(), "[vault] keys"),
            Self::File(file) => {
                let place = file.display().to_string();
                let unusable = |e: std::io::Error| unusable(&place, &e.to_string());
                match small::read_file(file).map(Zeroizing::new) {
                    Ok(text) => {
                        refuse_exposed(file).map_err(unusable)?.map_or(Ok(()), Err)?;
                        parse(&text, &place)
                    }
                    Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                        let text = make_file(file, random, taken).map_err(unusable)?;
                        tracing::warn!(
                            vault.file = place,
                            "created a new vault key; keep a copy of the file: without it no shop's credentials can be unsealed"
                        );
                        parse(&text, &place)
                    }
                    Err(e) => Err(unusable(e)),
                }
            }
            Self::Command(words) => parse(&ask(words)?, "the output of [vault] keys_command"),
        }
    }

    /// Adds a new key at the front; returns its id.
    pub(super) fn add(&self, ring: &Ring, random: &Random) -> Result<String, VaultError> {
        let number = |key: &Arc<Key>| key.id.strip_prefix('v').and_then(|digits| digits.parse::<u32>().ok());
        let id = format!("v{}", ring.iter().filter_map(number).max().unwrap_or(0) + 1);
        let mut bytes = Zeroizing::new([0_u8; 32]);
        random.fill(bytes.as_mut_slice());
        let line = Zeroizing::new(format!("{id}:{}\n", BASE64.encode(bytes.as_slice())));
        let text = Zeroizing::new(format!("{}{}", *line, *lines(ring, |_| true)));
        self.write(&text).map(|()| id)
    }

    /// Writes the ring without these keys; the first one always stays.
    pub(super) fn drop_keys(&self, ring: &Ring, ids: &[String]) -> Result<(), VaultError> {
        let first = ring[0].id.as_str();
        self.write(&lines(ring, |key| key.id == first || !ids.contains(&key.id)))
    }

    fn write(&self, text: &str) -> Result<(), VaultError> {
        match self {
            Self::File(file) => {
                let part = part(file);
                let done = write_closed(&part, text).and_then(|()| std::fs::rename(&part, file));
                done.map_err(|e| unusable(&file.display().to_string(), &e.to_string()))
            }
            Self::Given(_) => Err(VaultError::NotOurs("[vault] keys")),
            Self::Command(_) => Err(VaultError::NotOurs("[vault] keys_command")),
        }
    }
}

fn unusable(place: &str, why: &str) -> VaultError {
    VaultError::Keys { place: place.to_owned(), why: why.to_owned() }
}

fn parse(text: &str, place: &str) -> Result<Ring, VaultError> {
    let bad = |why: &str| unusable(place, why);
    let mut keys: Vec<Arc<Key>> = Vec::new();
    // An editor may have put a byte order mark before the first key.
    let text = text.trim_start_matches('\u{feff}');
    for entry in text.split(['\n', ',']).map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (id, encoded) = entry.split_once(':').ok_or_else(|| bad("each key is written id:base64"))?;
        let raw = Zeroizing::new(BASE64.decode(encoded.trim()).map_err(|_| bad("a key is not base64"))?);
        let bytes: [u8; 32] = raw.as_slice().try_into().map_err(|_| bad("a key must have 32 bytes"))?;
        if id.trim().is_empty() {
            return Err(bad("a key has no id before the colon"));
        }
        // The older application's key may have an id of ours: each key unseals what it sealed.
        if keys.iter().any(|key| key.id == id.trim() && key.bytes.expose_secret() == &bytes) {
            return Err(bad("a key is listed twice"));
        }
        keys.push(Arc::new(Key { id: id.trim().to_owned(), bytes: SecretBox::new(Box::new(bytes)) }));
    }
    if keys.is_empty() { Err(bad("it contains no key")) } else { Ok(Arc::new(keys)) }
}

fn lines(ring: &Ring, keep: impl Fn(&Key) -> bool) -> Zeroizing<String> {
    let line = |key: &Arc<Key>| format!("{}:{}\n", key.id, BASE64.encode(key.bytes.expose_secret()));
    Zeroizing::new(ring.iter().filter(|key| keep(key)).map(line).collect())
}

/// Runs the command and returns its standard output. Its output is never logged: it may contain keys.
fn ask(words: &[String]) -> Result<Zeroizing<String>, VaultError> {
    let place = format!("[vault] keys_command ({})", words.first().map_or("", String::as_str));
    let bad = |why: &str| unusable(&place, why);
    let (program, arguments) = words.split_first().ok_or_else(|| bad("it names no program"))?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(|e| bad(&e.to_string()))?;
    let out = child.stdout.take().ok_or_else(|| bad("it has no output"))?;
    let (send, read) = mpsc::channel();
    std::thread::spawn(move || {
        let _ = send.send(small::read(out).map(Zeroizing::new));
    });
    let Ok(text) = read.recv_timeout(PATIENCE) else {
        let _ = child.kill();
        let _ = child.wait();
        return Err(bad("it did not answer within 30 seconds"));
    };
    let text = text.map_err(|e| {
        let _ = child.kill();
        let _ = child.wait();
        bad(&e.to_string())
    })?;
    let status = child.wait().map_err(|e| bad(&e.to_string()))?;
    if !status.success() {
        return Err(bad(&format!("it ended with {status}")));
    }
    Ok(text)
}

fn part(file: &Path) -> PathBuf {
    file.with_extension(format!("{}.part", std::process::id()))
}

/// Writes a file with mode 0600 and syncs it to disk.
fn write_closed(file: &Path, text: &str) -> std::io::Result<()> {
    let mut out = private::options().write(true).create(true).truncate(true).open(file)?;
    out.write_all(text.as_bytes())?;
    out.sync_all()
}

fn make_file(file: &Path, random: &Random, taken: &[String]) -> std::io::Result<Zeroizing<String>> {
    let mut bytes = Zeroizing::new([0_u8; 32]);
    random.fill(bytes.as_mut_slice());
    let id = (1..=taken.len() + 1).map(|n| format!("v{n}")).find(|id| !taken.contains(id)).unwrap_or_default();
    let text = Zeroizing::new(format!("{id}:{}\n", BASE64.encode(bytes.as_slice())));
    if let Some(folder) = file.parent() {
        private::make_folder(folder)?;
    }
    // Written to a temporary file and hard-linked: two processes that start at once get one key, and a crash leaves no
    // partial file.
    let part = part(file);
    write_closed(&part, &text)?;
    let linked = std::fs::hard_link(&part, file);
    std::fs::remove_file(&part)?;
    match linked {
        Ok(()) => Ok(text),
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => std::fs::read_to_string(file).map(Zeroizing::new),
        Err(e) => Err(e),
    }
}

fn refuse_exposed(file: &Path) -> std::io::Result<Option<VaultError>> {
    use std::os::unix::fs::PermissionsExt;
    let open = std::fs::metadata(file)?.permissions().mode() & 0o077 != 0;
    Ok(open.then(|| VaultError::Exposed(file.to_owned())))
}
