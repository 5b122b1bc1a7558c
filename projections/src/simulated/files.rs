//! The files of one machine, and all that was done to them since it last crashed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Of what was done last, so many steps may not have been done yet when the machine crashes.
const UNDER_WAY_MAX: usize = 200;

pub(crate) type Tree = BTreeMap<Vec<u8>, Vec<u8>>;

/// A step. What its caller waits for is on the disk after it, but for rows: those may stay in memory until they are
/// drained, and get lost from the last one backwards.
#[derive(Debug, Clone)]
pub(crate) enum Op {
    MakeDir(PathBuf),
    Write(PathBuf, Vec<u8>),
    Append(PathBuf, Vec<u8>),
    Remove(PathBuf),
    Rename(PathBuf, PathBuf),
    Row(PathBuf, Vec<u8>, Option<Vec<u8>>),
    Drain(PathBuf),
}

impl Op {
    fn path(&self) -> &Path {
        match self {
            Self::MakeDir(path)
            | Self::Write(path, _)
            | Self::Append(path, _)
            | Self::Remove(path)
            | Self::Rename(path, _)
            | Self::Row(path, ..)
            | Self::Drain(path) => path,
        }
    }
}

#[derive(Debug, Clone)]
enum Node {
    Dir,
    File(Vec<u8>),
    Tree(Tree),
}

#[derive(Debug, Default)]
pub(crate) struct Files {
    /// As the last crash left them.
    base: BTreeMap<PathBuf, Node>,
    done: Vec<Op>,
    now: BTreeMap<PathBuf, Node>,
}

impl Files {
    pub(crate) fn exists(&self, path: &Path) -> bool {
        self.now.contains_key(path)
    }

    pub(crate) fn file(&self, path: &Path) -> Option<Vec<u8>> {
        match self.now.get(path)? {
            Node::File(bytes) => Some(bytes.clone()),
            Node::Dir | Node::Tree(_) => None,
        }
    }

    pub(crate) fn tree(&self, path: &Path) -> Option<&Tree> {
        match self.now.get(path)? {
            Node::Tree(tree) => Some(tree),
            Node::Dir | Node::File(_) => None,
        }
    }

    /// What is in a directory.
    pub(crate) fn names(&self, dir: &Path) -> Vec<String> {
        let inside = self.now.keys().filter(|path| path.parent() == Some(dir));
        inside.filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned())).collect()
    }

    pub(super) fn carry_out(&mut self, op: Op) {
        apply(&mut self.now, op.clone());
        self.done.push(op);
    }

    pub(super) fn crash(&mut self, mut below: impl FnMut(usize) -> usize) {
        let under_way = if below(2) == 0 { 0 } else { below(self.done.len().min(UNDER_WAY_MAX) + 1) };
        let (mut nodes, mut in_memory) = (std::mem::take(&mut self.base), Vec::new());
        let mut done = std::mem::take(&mut self.done).into_iter();
        let whole = done.len() - under_way;
        for op in done.by_ref().take(whole) {
            match op {
                Op::Row(..) => in_memory.push(op),
                Op::Drain(ref path) | Op::Remove(ref path) | Op::Rename(ref path, _) => {
                    let rows = in_memory.extract_if(.., |row| row.path().starts_with(path));
                    rows.for_each(|row| apply(&mut nodes, row));
                    apply(&mut nodes, op);
                }
                Op::MakeDir(_) | Op::Write(..) | Op::Append(..) => apply(&mut nodes, op),
            }
        }
        let written = below(in_memory.len() + 1);
        in_memory.into_iter().take(written).for_each(|row| apply(&mut nodes, row));
        if let Some(Op::Append(path, mut bytes)) = done.next() {
            bytes.truncate(below(bytes.len() + 1));
            apply(&mut nodes, Op::Append(path, bytes));
        }
        self.now = nodes.clone();
        self.base = nodes;
    }
}

fn apply(nodes: &mut BTreeMap<PathBuf, Node>, op: Op) {
    match op {
        Op::MakeDir(path) => drop(nodes.entry(path).or_insert(Node::Dir)),
        Op::Write(path, bytes) => drop(nodes.insert(path, Node::File(bytes))),
        Op::Append(path, bytes) => match nodes.entry(path).or_insert(Node::File(Vec::new())) {
            Node::File(file) => file.extend(bytes),
            Node::Dir | Node::Tree(_) => {}
        },
        Op::Remove(path) => nodes.retain(|other, _| !other.starts_with(&path)),
        Op::Rename(from, to) => {
            let moved: Vec<PathBuf> = nodes.keys().filter(|path| path.starts_with(&from)).cloned().collect();
            for path in moved {
                if let (Some(node), Ok(rest)) = (nodes.remove(&path), path.strip_prefix(&from)) {
                    let to = if rest.as_os_str().is_empty() { to.clone() } else { to.join(rest) };
                    nodes.insert(to, node);
                }
            }
        }
        Op::Row(path, key, value) => {
            if let Node::Tree(tree) = nodes.entry(path).or_insert(Node::Tree(Tree::new())) {
                match value {
                    Some(value) => drop(tree.insert(key, value)),
                    None => drop(tree.remove(&key)),
                }
            }
        }
        Op::Drain(_) => {}
    }
}
