//! The allocator: what it gives is as long, as zero and as aligned as asked for, keeps its content when it moves, and is
//! counted until it is given back.

use proptest::{collection::vec, prelude::*};
use wirecost::tensor::{Allocator, Cpu, Memory};

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

/// Bytes of a large page, from which on memory begins where one does.
const PAGE: usize = 1 << 21;

/// Bytes that others in this process may allocate meanwhile.
const OTHERS: usize = 1 << 16;

fn used() -> usize {
    <Cpu as Memory<f32>>::meter().used()
}

/// On both sides of a page.
fn length() -> impl Strategy<Value = usize> {
    prop_oneof![1..PAGE / 2, PAGE - 9..PAGE + 9, PAGE..3 * PAGE]
}

proptest! {
    // One property, as another would allocate meanwhile.
    #[test]
    fn memory_is_as_asked_for(lengths in vec(length(), 1..6)) {
        let before = used();
        let mut bytes: Vec<u8> = Vec::new();
        for length in lengths {
            let (old, kept) = (bytes.len(), bytes.len().min(length));
            bytes.resize(length, 0);
            bytes.shrink_to_fit();
            prop_assert!(bytes.iter().skip(old).all(|byte| *byte == 0));
            bytes.iter_mut().enumerate().skip(old).for_each(|(i, byte)| *byte = i as u8);
            prop_assert!((0..kept).all(|i| bytes[i] == i as u8));
            prop_assert!(length < PAGE || bytes.as_ptr().addr().is_multiple_of(PAGE));
            prop_assert!(used().abs_diff(before + bytes.capacity()) < OTHERS);

            let others = vec![1u8; length];
            drop(others);
            prop_assert!(vec![0u8; length].iter().all(|byte| *byte == 0));
        }
        drop(bytes);
        prop_assert!(used().abs_diff(before) < OTHERS);
    }
}
