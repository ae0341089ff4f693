//! Keys and values of prompts that were read before, for prompts that begin alike.
//!
//! A prompt is the system's words, then a passage, then the question: what begins alike is read once. Reuse is by equal tokens, so a kept
//! beginning gives what reading it again would give. When memory runs out, what was used least recently goes.

use std::collections::HashMap;
use std::sync::Arc;

use crate::engine::kernels::Kv;

/// Pieces of a sequence, oldest first; of each as many tokens as the number says.
pub(in crate::engine) type Chain = Vec<(Arc<Kv>, usize)>;

/// A beginning that adds fewer tokens than this to one that is kept is not worth keeping.
const LEAST_NEW_TOKENS: usize = 8;

/// Pieces a kept sequence may consist of: each costs every later token a little.
const MOST_PIECES: usize = 6;

struct Beginning {
    tokens: Vec<u32>,
    chain: Chain,
    last_used: u64,
}

/// The store of beginnings.
pub(in crate::engine) struct Kept {
    beginnings: Vec<Beginning>,
    most_bytes: usize,
    clock: u64,
}

impl Kept {
    /// An empty store that holds at most `most_bytes` of keys and values.
    pub(in crate::engine) fn new(most_bytes: usize) -> Self {
        Self { beginnings: Vec::new(), most_bytes, clock: 0 }
    }

    /// Tokens of `prompt` that need not be read again. The last one always must: its logits are wanted.
    pub(in crate::engine) fn common(&self, prompt: &[u32]) -> usize {
        self.best(prompt).map_or(0, |(_, tokens)| tokens)
    }

    fn best(&self, prompt: &[u32]) -> Option<(usize, usize)> {
        let most = prompt.len().saturating_sub(1);
        let common = |kept: &Beginning| kept.tokens.iter().zip(&prompt[..most]).take_while(|(a, b)| a == b).count();
        let lengths = self.beginnings.iter().enumerate().map(|(number, kept)| (number, common(kept)));
        // Of equals the one with fewer pieces, and that is the older one.
        lengths.filter(|(_, tokens)| *tokens > 0).rev().max_by_key(|(_, tokens)| *tokens)
    }

    /// The longest kept beginning of `prompt`, cut to what both share.
    pub(in crate::engine) fn take(&mut self, prompt: &[u32]) -> Chain {
        let Some((number, mut left)) = self.best(prompt) else { return Vec::new() };
        self.clock += 1;
        let kept = &mut self.beginnings[number];
        kept.last_used = self.clock;
        let mut chain = Vec::new();
        for (kv, tokens) in &kept.chain {
            let used = left.min(*tokens);
            if used > 0 {
                chain.push((Arc::clone(kv), used));
            }
            left -= used;
        }
        chain
    }

    /// Keeps `chain`, the keys and values of `tokens`, of which the last `new` were just read.
    pub(in crate::engine) fn keep(&mut self, tokens: &[u32], chain: Chain, new: usize) {
        if new < LEAST_NEW_TOKENS || chain.len() > MOST_PIECES {
            return;
        }
        self.clock += 1;
        self.beginnings.push(Beginning { tokens: tokens.to_vec(), chain, last_used: self.clock });
        while self.bytes() > self.most_bytes {
            let oldest = self.beginnings.iter().enumerate().min_by_key(|(_, kept)| kept.last_used).map(|(number, _)| number);
            let Some(oldest) = oldest else { break };
            self.beginnings.remove(oldest);
        }
    }

    /// Memory of all keys and values, each counted once.
    pub(in crate::engine) fn bytes(&self) -> usize {
        let pieces = self.beginnings.iter().flat_map(|kept| &kept.chain);
        pieces.map(|(kv, _)| (Arc::as_ptr(kv), kv.bytes())).collect::<HashMap<_, _>>().values().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::kernels::Heads;

    fn piece(tokens: usize) -> (Arc<Kv>, usize) {
        let mut kv = Kv::new(Heads { queries: 1, pairs: 1, size: 2 }, 1);
        kv.advance(tokens);
        (Arc::new(kv), tokens)
    }

    fn lengths(chain: &Chain) -> Vec<usize> {
        chain.iter().map(|(_, tokens)| *tokens).collect()
    }

    #[test]
    fn the_longest_equal_beginning_is_found_and_cut_to_it() {
        let mut kept = Kept::new(1 << 20);
        let system: Vec<u32> = (0..20).collect();
        let passage: Vec<u32> = (0..50).collect();
        let first = piece(20);
        kept.keep(&system, vec![first.clone()], 20);
        kept.keep(&passage, vec![first, piece(30)], 30);
        let mut prompt: Vec<u32> = (0..45).collect();
        prompt.extend([900, 901]);
        assert_eq!((kept.common(&prompt), lengths(&kept.take(&prompt))), (45, vec![20, 25]));
        assert_eq!(lengths(&kept.take(&system)), [19], "the last token is read again for its logits");
        assert_eq!(lengths(&kept.take(&[7, 8])), [] as [usize; 0]);
    }

    #[test]
    fn what_was_used_least_recently_goes_when_memory_runs_out() {
        let mut kept = Kept::new(0);
        kept.most_bytes = usize::MAX;
        let prompt = |first: u32| (first..first + 10).collect::<Vec<_>>();
        for first in [0, 100, 200] {
            kept.keep(&prompt(first), vec![piece(10)], 10);
        }
        kept.take(&prompt(0));
        // Pretend that there is room for two.
        kept.beginnings.sort_by_key(|kept| kept.last_used);
        kept.beginnings.remove(0);
        assert_eq!([0, 100, 200].map(|first| kept.common(&prompt(first))), [9, 0, 9]);
    }
}
