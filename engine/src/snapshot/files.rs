//! The snapshot files of one shard in a directory: their names, writing one in one step, and clearing away.
//! Knows nothing of what is in them.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use schemas::ShardId;
use tokio_util::sync::CancellationToken;

use crate::data_dir::create_private_dir;
use crate::fault;

const PREFIX: &str = "snapshot-";
const SEQUENCE_DIGITS: usize = 20;
const UNFINISHED: &str = ".unfinished";

#[derive(Debug, Clone)]
pub(super) struct Files {
    pub(super) dir: PathBuf,
    pub(super) shard: ShardId,
}

impl Files {
    fn prefix(&self) -> String {
        prefix(self.shard)
    }

    pub(super) fn path(&self, sequence: u64) -> PathBuf {
        self.dir.join(format!("{}{sequence:0SEQUENCE_DIGITS$}", self.prefix()))
    }

    /// The sequences there is a file for, newest first. None while the directory does not exist.
    pub(super) fn list(&self) -> io::Result<Vec<u64>> {
        let mut sequences: Vec<u64> = Vec::new();
        for name in self.names()? {
            let digits = name.strip_prefix(&self.prefix()).filter(|rest| rest.len() == SEQUENCE_DIGITS);
            sequences.extend(
                digits
                    .and_then(|digits| digits.parse::<u64>().ok())
                    .filter(|sequence| self.path(*sequence).ends_with(&name)),
            );
        }
        sequences.sort_unstable_by(|a, b| b.cmp(a));
        Ok(sequences)
    }

    fn names(&self) -> io::Result<Vec<String>> {
        let mut names = names(&self.dir)?;
        names.retain(|name| name.starts_with(&self.prefix()));
        Ok(names)
    }

    /// Writes a file by `fill`, readable by its owner alone, and gives back its size. Durable and whole when it
    /// returns; a crash leaves no file of this name, and perhaps one that [`Files::remove_unfinished`] removes.
    pub(super) fn write(
        &self,
        sequence: u64,
        fill: impl FnOnce(&mut File) -> io::Result<()>,
    ) -> io::Result<u64> {
        create_private_dir(&self.dir)?;
        self.remove_unfinished()?;
        let path = self.path(sequence);
        let unfinished = PathBuf::from(format!("{}{UNFINISHED}", path.display()));
        fault::point("snapshot.write.before");
        let written = write_at(&unfinished, fill).and_then(|bytes| {
            fault::point("snapshot.written");
            fs::rename(&unfinished, &path)?;
            fault::point("snapshot.renamed");
            Ok(bytes)
        });
        if written.is_err() {
            // What is left of it takes room that the disk may lack.
            self.remove_unfinished()?;
        }
        File::open(&self.dir)?.sync_all()?;
        written
    }

    /// Removes what writers left that did not come to their end.
    pub(super) fn remove_unfinished(&self) -> io::Result<()> {
        let names = self.names()?;
        let unfinished = names.iter().filter(|name| name.ends_with(UNFINISHED));
        unfinished.map(|name| self.dir.join(name)).try_for_each(remove_file)
    }

    /// Removes all files but those of these sequences.
    pub(super) fn keep_only(&self, sequences: &[u64]) -> io::Result<()> {
        let others = self.list()?.into_iter().filter(|sequence| !sequences.contains(sequence));
        others.map(|sequence| self.path(sequence)).try_for_each(remove_file)
    }
}

fn prefix(shard: ShardId) -> String {
    format!("{PREFIX}{shard}-")
}

/// The shards that a file in `dir` is named by.
pub(super) fn shards(dir: &Path) -> io::Result<Vec<ShardId>> {
    let mut shards = Vec::new();
    for name in names(dir)? {
        let shard = name.strip_prefix(PREFIX).and_then(|rest| rest.split_once('-'));
        let shard = shard.and_then(|(shard, _)| shard.parse().ok()).map(ShardId);
        shards.extend(shard.filter(|shard| name.starts_with(&prefix(*shard))));
    }
    shards.sort_unstable();
    shards.dedup();
    Ok(shards)
}

/// None while the directory does not exist.
fn names(dir: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut names = Vec::new();
    for entry in entries {
        names.extend(entry?.file_name().into_string().ok());
    }
    Ok(names)
}

fn write_at(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<u64> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    fill(&mut file)?;
    file.sync_all()?;
    Ok(file.metadata()?.len())
}

fn remove_file(path: PathBuf) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// Reads or writes until told to stop; work on a thread of its own cannot be dropped.
pub(super) struct Stoppable<T> {
    pub(super) inner: T,
    pub(super) stopping: CancellationToken,
}

impl<T> Stoppable<T> {
    fn check(&self) -> io::Result<()> {
        if self.stopping.is_cancelled() { Err(io::Error::other("told to stop")) } else { Ok(()) }
    }
}

impl<T: Read> Read for Stoppable<T> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.check()?;
        self.inner.read(bytes)
    }
}

impl<T: Write> Write for Stoppable<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.check()?;
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.check()?;
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> (tempfile::TempDir, Files) {
        let dir = tempfile::tempdir().unwrap();
        let files = Files { dir: dir.path().join("snapshots"), shard: ShardId(1) };
        (dir, files)
    }

    #[test]
    fn a_file_that_could_not_be_filled_is_not_there() {
        let (_dir, files) = files();
        let full = files.write(7, |file| {
            file.write_all(b"half")?;
            Err(io::ErrorKind::StorageFull.into())
        });
        assert_eq!(full.unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert_eq!(fs::read_dir(&files.dir).unwrap().count(), 0);
    }

    #[test]
    fn writing_stops_when_told_to() {
        let (_dir, files) = files();
        let stopping = CancellationToken::new();
        let stopped = files.write(7, |file| {
            let mut out = Stoppable { inner: file, stopping: stopping.clone() };
            out.write_all(b"half")?;
            stopping.cancel();
            out.write_all(b"half")
        });
        assert!(stopped.is_err());
        assert_eq!(fs::read_dir(&files.dir).unwrap().count(), 0);
    }

    #[test]
    fn only_names_of_this_shard_and_form_are_listed_and_removed() {
        let (_dir, files) = files();
        for sequence in [3, 12, 7] {
            files.write(sequence, |file| file.write_all(b"x")).unwrap();
        }
        let others = [
            "snapshot-11-00000000000000000001",
            "snapshot-1-+0000000000000000001",
            "snapshot-1-1",
            "snapshot-+3-1",
        ];
        for other in others {
            fs::write(files.dir.join(other), "x").unwrap();
        }
        assert_eq!(files.list().unwrap(), [12, 7, 3]);
        assert_eq!(shards(&files.dir).unwrap(), [ShardId(1), ShardId(11)]);
        assert_eq!(shards(&files.dir.join("nowhere")).unwrap(), []);
        files.keep_only(&[12, 3]).unwrap();
        assert_eq!(files.list().unwrap(), [12, 3]);
        files.keep_only(&[]).unwrap();
        assert_eq!(fs::read_dir(&files.dir).unwrap().count(), others.len());
    }
}
