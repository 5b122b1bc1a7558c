//! Room on the disk: the log is never trimmed, and a view that is built again needs its size a second time.

use std::io;
use std::path::Path;

use rustix::fs::{StatVfsMountFlags, statvfs};

use super::finding::{Finding, size, told};

const CHECK: &str = "disk";
/// With less, the next busy hour may fill it.
const FREE_BYTES_MIN: u64 = 256 * 1024 * 1024;
/// With less beside what the views need, it is time to do something.
const FREE_BYTES_WARN: u64 = 2 * 1024 * 1024 * 1024;
/// Files that a start, a rebuild and the log's next blocks make, with room.
const FREE_FILES_MIN: u64 = 1_000;
const FREE_FILES_WARN: u64 = 10_000;

/// The file system that the data directory is on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Disk {
    pub(super) free_bytes: u64,
    /// `None` where the file system has no fixed number of files.
    pub(super) free_files: Option<u64>,
    pub(super) is_read_only: bool,
}

pub(super) fn look(dir: &Path) -> io::Result<Disk> {
    let found = statvfs(dir)?;
    Ok(Disk {
        free_bytes: found.f_bavail.saturating_mul(found.f_frsize),
        free_files: (found.f_files > 0).then_some(found.f_favail),
        is_read_only: found.f_flag.contains(StatVfsMountFlags::RDONLY),
    })
}

/// `views_bytes` is the size of the views that are there.
pub(super) fn judge(disk: &io::Result<Disk>, views_bytes: u64) -> Finding {
    let disk = match disk {
        Ok(disk) => disk,
        Err(error) => {
            return Finding::error(CHECK, format!("cannot be asked: {}", told(error)), "look at the disk");
        }
    };
    if disk.is_read_only {
        let remedy = "look why the system made it so (`dmesg`), check the disk, mount it for writing";
        return Finding::error(CHECK, "the file system is read-only", remedy);
    }
    let files = disk.free_files.unwrap_or(u64::MAX);
    let free = format!("{} free", size(disk.free_bytes));
    let found = match disk.free_files {
        Some(files) => format!("{free}, room for {files} more files"),
        None => free,
    };
    if disk.free_bytes < FREE_BYTES_MIN || files < FREE_FILES_MIN {
        let remedy = "free some, or move to a larger disk, now: when it is full, commands are refused";
        return Finding::error(CHECK, found, remedy);
    }
    let wanted = FREE_BYTES_WARN.saturating_add(views_bytes);
    if disk.free_bytes < wanted || files < FREE_FILES_WARN {
        let remedy = format!(
            "free some, or move to a larger disk: the log only grows, and {} should be free to build the views again",
            size(wanted)
        );
        return Finding::warning(CHECK, found, remedy);
    }
    Finding::ok(CHECK, found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Level;

    const GIB: u64 = 1024 * 1024 * 1024;

    #[test]
    fn little_room_is_told_before_there_is_none() {
        let disk = |free_bytes, free_files| Disk { free_bytes, free_files, is_read_only: false };
        let rows = [
            (disk(100 * GIB, Some(1_000_000)), Level::Ok),
            (disk(100 * GIB, None), Level::Ok),
            (disk(5 * GIB, Some(1_000_000)), Level::Warning),
            (disk(100 * GIB, Some(5_000)), Level::Warning),
            (disk(100 << 20, Some(1_000_000)), Level::Error),
            (disk(100 * GIB, Some(10)), Level::Error),
            (Disk { is_read_only: true, ..disk(100 * GIB, None) }, Level::Error),
        ];
        for (disk, level) in rows {
            let finding = judge(&Ok(disk), 4 * GIB);
            assert_eq!(finding.level, level, "{disk:?}");
            assert_eq!(finding.remedy.is_none(), level == Level::Ok, "{finding:?}");
        }
        assert_eq!(judge(&Err(io::ErrorKind::Other.into()), 0).level, Level::Error);
    }
}
