//! Folders and files that only their owner may open, whatever the umask says: they hold tenants' catalogues and sealed grants.

use std::{
    fs::{self, DirBuilder, OpenOptions, Permissions},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::Path,
};

/// Makes a folder, with those above it that are missing.
pub fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// How files are made.
pub fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}

/// What tells a file from every other one, whatever it is called: its device and number. `None` where nothing lies there.
pub fn inode(path: &Path) -> Option<(u64, u64)> {
    fs::metadata(path).ok().map(|found| (found.dev(), found.ino()))
}

/// What others than the owner may do.
const OTHERS: u32 = 0o077;

/// Takes from others what they may do with a file or a folder; nothing where there is none. Gives whether there was anything to take.
pub fn close(path: &Path) -> io::Result<bool> {
    let mode = match fs::metadata(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(false),
        found => found?.permissions().mode(),
    };
    if mode & OTHERS == 0 {
        return Ok(false);
    }
    fs::set_permissions(path, Permissions::from_mode(mode & 0o7700))?;
    Ok(true)
}

/// The same with everything below a folder. The folder itself comes last, so that what breaks off is begun anew; where it is closed
/// already, nobody can have come at what is below. Gives how many were open.
pub fn close_tree(root: &Path) -> io::Result<usize> {
    let open = fs::metadata(root).is_ok_and(|found| found.permissions().mode() & OTHERS != 0);
    if !open {
        return Ok(0);
    }
    let (mut folders, mut closed) = (vec![root.to_owned()], 0);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(entry.path());
            }
            if kind.is_dir() || kind.is_file() {
                closed += usize::from(close(&entry.path())?);
            }
        }
    }
    Ok(closed + usize::from(close(root)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).expect("is there").permissions().mode() & 0o777
    }

    #[test]
    fn what_is_made_is_closed_and_what_was_open_is_mended() {
        let folder = tempfile::tempdir().expect("a temp folder");
        let made = folder.path().join("a/b");
        make_folder(&made).expect("is made");
        options().write(true).create(true).truncate(true).open(made.join("file")).expect("is made");
        assert_eq!((mode(&folder.path().join("a")), mode(&made), mode(&made.join("file"))), (0o700, 0o700, 0o600));
        let old = folder.path().join("old");
        fs::create_dir_all(old.join("deep")).expect("is made");
        fs::write(old.join("deep/picture"), "x").expect("is written");
        for path in [old.join("deep/picture"), old.join("deep"), old.clone()] {
            fs::set_permissions(&path, Permissions::from_mode(0o755)).expect("is opened");
        }
        assert_eq!(close_tree(&old).expect("is closed"), 3);
        assert_eq!((mode(&old), mode(&old.join("deep")), mode(&old.join("deep/picture"))), (0o700, 0o700, 0o700));
        assert_eq!(close_tree(&old).expect("is closed"), 0);
        assert!(!close(&folder.path().join("nothing")).expect("nothing is fine"));
    }
}
