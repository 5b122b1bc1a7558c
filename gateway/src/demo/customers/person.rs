//! By what WhatsApp knows a customer: by a number, but some hide it for a while and are known by a user id, and some
//! change it.

/// One in so many hides their number, and one in so many changes it.
const ONE_IN: u32 = 7;

/// What a message says of who wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sender {
    pub(super) wa_id: Option<String>,
    pub(super) user_id: Option<String>,
}

/// A number that became another one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Move {
    pub(super) from: String,
    pub(super) to: String,
}

/// Who a customer is.
#[derive(Debug)]
pub(super) struct Person {
    number: u32,
    /// Bursts of messages so far, the one that is being written among them.
    bursts: u32,
}

impl Person {
    pub(super) fn new(number: u32) -> Self {
        Self { number, bursts: 0 }
    }

    /// Begins to write; gives back what WhatsApp has to say of them before.
    pub(super) fn begins(&mut self) -> Option<Move> {
        self.bursts += 1;
        let moves = self.moves() && self.bursts == 2;
        moves.then(|| Move { from: self.wa_id(0), to: self.wa_id(1) })
    }

    /// How they sign what they write now.
    pub(super) fn sender(&self) -> Sender {
        let wa_id = Some(self.wa_id(u32::from(self.moves() && self.bursts >= 2)));
        let user_id = Some(format!("ES.DEMO{:06}", self.number));
        match self.bursts {
            // WhatsApp tells both only when it is too late for one conversation.
            2 if self.hides() => Sender { wa_id: None, user_id },
            3.. if self.hides() => Sender { wa_id, user_id },
            _ => Sender { wa_id, user_id: None },
        }
    }

    fn hides(&self) -> bool {
        self.number % ONE_IN == 3
    }

    fn moves(&self) -> bool {
        self.number % ONE_IN == 5
    }

    /// Their `nth` number.
    fn wa_id(&self, nth: u32) -> String {
        format!("34{}{:06}", 600 + nth, self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender(wa_id: Option<&str>, user_id: Option<&str>) -> Sender {
        Sender { wa_id: wa_id.map(str::to_owned), user_id: user_id.map(str::to_owned) }
    }

    #[test]
    fn most_are_known_by_one_number() {
        let mut person = Person::new(1);
        for _ in 0..4 {
            assert_eq!(person.begins(), None);
            assert_eq!(person.sender(), sender(Some("34600000001"), None));
        }
    }

    #[test]
    fn who_hides_their_number_is_known_by_it_then_by_a_user_id_and_then_by_both() {
        let mut person = Person::new(3);
        let signs = [(); 4].map(|()| {
            assert_eq!(person.begins(), None);
            person.sender()
        });
        let (number, user) = (Some("34600000003"), Some("ES.DEMO000003"));
        let both = sender(number, user);
        assert_eq!(signs, [sender(number, None), sender(None, user), both.clone(), both]);
    }

    #[test]
    fn who_moves_writes_from_the_new_number_from_then_on() {
        let mut person = Person::new(5);
        let days = [(); 3].map(|()| (person.begins(), person.sender()));
        let (before, after) = ("34600000005", "34601000005");
        let moved = Move { from: before.into(), to: after.into() };
        let [old, new] = [before, after].map(|number| sender(Some(number), None));
        assert_eq!(days, [(None, old), (Some(moved), new.clone()), (None, new)]);
    }
}
