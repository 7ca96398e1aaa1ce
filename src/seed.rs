//! Named random streams: every random number of a run comes from one of these.
//!
//! A stream is a ChaCha generator whose key is the SHA-256 of the seed and the stream's name, so two
//! names never share numbers, and adding a stream moves no other.

use rand_chacha::{
    ChaCha12Rng,
    rand_core::{Rng, SeedableRng},
};
use sha2::{Digest, Sha256};

/// The generator behind every stream.
pub type Stream = ChaCha12Rng;

/// The stream `name` of `seed`. The same pair gives the same numbers on every machine.
pub fn stream(seed: u64, name: &str) -> Stream {
    let key = Sha256::new().chain_update(seed.to_le_bytes()).chain_update(name.as_bytes()).finalize();
    Stream::from_seed(key.into())
}

/// Another seed, that of `name` under `seed`.
pub fn derived(seed: u64, name: &str) -> u64 {
    stream(seed, name).next_u64()
}

#[cfg(test)]
mod tests {
    use super::stream;
    use rand::Rng;

    #[test]
    fn a_stream_depends_on_seed_and_name_only() {
        let first = |seed, name| stream(seed, name).next_u64();
        assert_eq!(first(7, "theta"), first(7, "theta"));
        assert_ne!(first(7, "theta"), first(8, "theta"));
        assert_ne!(first(7, "theta"), first(7, "alpha"));
    }
}
