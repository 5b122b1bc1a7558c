//! Any bytes are a snapshot or an error. Seeded; `ATENDER_TORTURE_ROUNDS` says how many rounds.

use std::fs;

use engine::snapshot;

use super::shop::{Shop, bytes_of};
use super::{path, recovers};

const ROUNDS: u64 = 20;
const TRIES_A_ROUND: u64 = 50;
const HASH_BYTES: usize = 32;
const HEADER_BYTES: usize = 74;

/// splitmix64.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    /// One to three flips, a cut, or bytes put in.
    fn damage(&mut self, bytes: &mut Vec<u8>) {
        match self.below(4) {
            0 => bytes.truncate(self.below(bytes.len())),
            1 => {
                let (at, with) = (self.below(bytes.len()), self.next());
                bytes.splice(at..at, with.to_le_bytes());
            }
            _ => {
                for _ in 0..=self.below(3) {
                    let at = self.below(bytes.len());
                    bytes[at] ^= 1 << self.below(8);
                }
            }
        }
    }
}

#[tokio::test]
async fn damaged_snapshots_never_change_what_is_recovered() {
    let rounds = std::env::var("ATENDER_TORTURE_ROUNDS").map_or(ROUNDS, |rounds| rounds.parse().unwrap());
    let mut shop = Shop::open().await;
    shop.receive(20).await;
    let snapshots = shop.snapshots();
    let made = snapshots.make(&shop.log).await.unwrap();
    let whole = fs::read(path(&snapshots, made.sequence)).unwrap();
    for seed in 0..rounds {
        println!("seed {seed}");
        let mut chance = Chance(seed);
        let mut bytes = whole.clone();
        while bytes == whole {
            chance.damage(&mut bytes);
        }
        fs::write(path(&snapshots, made.sequence), &bytes).unwrap();
        assert!(recovers(&shop, &snapshots).await.contains("a snapshot is ignored"));
        for _ in 0..TRIES_A_ROUND {
            // With its checksum mended, so that what is behind it is reached.
            let mut bytes = bytes_of(&shop.replica);
            chance.damage(&mut bytes);
            bytes.truncate(bytes.len().saturating_sub(HASH_BYTES).max(HEADER_BYTES));
            let sum = blake3::hash(&bytes);
            bytes.extend_from_slice(sum.as_bytes());
            if let Ok(replica) = snapshot::read(bytes.as_slice()) {
                assert!(snapshot::read(bytes_of(&replica).as_slice()).is_ok());
            }
        }
    }
}
