//! What happens to files.

use std::fs;
use std::path::Path;

/// Changes a file's bytes, of which there must be some.
pub fn change(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    assert!(!bytes.is_empty(), "{} is empty: nothing to damage", path.display());
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

/// Keeps the first bytes: how much of a file is in use is for sled to know.
pub fn cut_short(path: &Path) {
    change(path, |bytes| bytes.truncate(bytes.len() / 64));
}

pub fn scribble(path: &Path) {
    change(path, |bytes| bytes.iter_mut().for_each(|byte| *byte ^= 0x5a));
}

pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}
