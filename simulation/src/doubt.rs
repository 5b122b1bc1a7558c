//! What clients were told that leaves nothing in the log: refusals, and that nothing was to be done. Each is a doubt
//! until the log comes to a state in which it is right.

use crate::record::{Asked, Told};

pub(crate) struct Doubts<'a> {
    /// Of which the log has not come to the question yet, the last question first.
    later: Vec<&'a Asked>,
    open: Vec<&'a Asked>,
    /// Right at no moment between question and answer.
    wrong: Vec<&'a Asked>,
}

impl<'a> Doubts<'a> {
    pub(crate) fn of(asked: &'a [Asked]) -> Self {
        let in_doubt = |asked: &&Asked| match &asked.told {
            Told::Refused(_) => true,
            Told::Accepted(_) => asked.is_nothing(),
            Told::Unknown => false,
        };
        let mut later: Vec<_> = asked.iter().filter(in_doubt).collect();
        later.sort_by_key(|asked| std::cmp::Reverse(asked.head_asked));
        Self { later, open: Vec::new(), wrong: Vec::new() }
    }

    /// Drops those that the state puts out, which is that of frame `sequence` or one on the way to it. What was in the
    /// log before the question is in the answer.
    pub(crate) fn judge(&mut self, sequence: u64, is_whole: bool, mut is_right: impl FnMut(&Asked) -> bool) {
        while let Some(next) = self.later.pop_if(|asked| asked.head_asked <= sequence) {
            self.open.push(next);
        }
        let wrong = &mut self.wrong;
        self.open.retain(|asked| {
            if sequence > asked.head_after {
                wrong.push(asked);
                return false;
            }
            let first = asked.head_asked + u64::from(!is_whole);
            sequence < first || !is_right(asked)
        });
    }

    /// Those that nothing has put out.
    pub(crate) fn wrong(self) -> impl Iterator<Item = String> {
        let all = self.wrong.into_iter().chain(self.open).chain(self.later);
        all.map(|asked| {
            let Asked { client, submission, head_asked, head_after, told, times, .. } = asked;
            format!(
                "c{client} was told {told:?} to {submission:?} after {times}, which is right at no frame from \
                 {head_asked} to {head_after}"
            )
        })
    }
}
