//! Folders (0700) and files (0600) that only their owner may open, whatever the umask: they hold tenants' catalogues
//! and sealed grants.

use std::{
    fs::{self, DirBuilder, OpenOptions, Permissions},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::Path,
};

/// Creates a folder and its missing parents.
pub fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Options that create files with mode 0600.
pub fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}

/// The identity of a file independent of its name: device and inode. `None` if there is no file.
pub fn inode(path: &Path) -> Option<(u64, u64)> {
    fs::metadata(path).ok().map(|metadata| (metadata.dev(), metadata.ino()))
}

/// The permission bits of group and others.
const OTHERS: u32 = 0o077;

/// Removes the permissions of group and others from a file or folder. Returns whether it had any; false if it does not
/// exist.
pub fn close(path: &Path) -> io::Result<bool> {
    let mode = match fs::metadata(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(false),
        metadata => metadata?.permissions().mode(),
    };
    if mode & OTHERS == 0 {
        return Ok(false);
    }
    fs::set_permissions(path, Permissions::from_mode(mode & 0o7700))?;
    Ok(true)
}

/// The same for a folder and everything below it. The folder itself comes last, so that an interrupted run starts
/// again; a folder that is closed already protects what is below. Returns the number of changed entries.
pub fn close_tree(root: &Path) -> io::Result<usize> {
    let open = fs::metadata(root).is_ok_and(|metadata| metadata.permissions().mode() & OTHERS != 0);
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
