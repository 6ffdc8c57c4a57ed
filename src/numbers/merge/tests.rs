use super::*;
use proptest::prelude::*;

/// Joins the outputs of items twice: in item order, and in a random order along a random tree. Returns both results.
fn any_tree<M: Merge + Clone + PartialEq + std::fmt::Debug>(outputs: Vec<M>, choices: &[usize]) -> (M, M) {
    let gather = |outputs: Vec<M>| -> Vec<M::Gathered> {
        outputs
            .into_iter()
            .enumerate()
            .map(|(item, output)| output.gather(item as u64..item as u64 + 1))
            .collect()
    };
    let in_order = gather(outputs.clone())
        .into_iter()
        .reduce(|mut into, other| {
            M::join(&mut into, other);
            into
        })
        .expect("at least one output");
    let mut left = gather(outputs);
    for &choice in choices.iter().cycle() {
        if left.len() == 1 {
            break;
        }
        let other = left.swap_remove(choice % left.len());
        let index = choice / 7 % left.len();
        M::join(&mut left[index], other);
    }
    (M::finish(in_order), M::finish(left.remove(0)))
}

mergeable! {
    #[derive(Debug, Clone, PartialEq)]
    struct Everything {
        count: u64,
        sum: f64,
        list: Vec<i32>,
        text: Option<String>,
        by_key: BTreeMap<u8, Vec<u8>>,
        found: BTreeSet<i32>,
        pair: (i64, (u8, Option<f32>)),
    }
}

fn everything() -> impl Strategy<Value = Everything> {
    let list = || prop::collection::vec(any::<i32>(), 0..4);
    let wide = (-1.0..1.0f64, -150..150i32).prop_map(|(mantissa, exponent)| mantissa * 10f64.powi(exponent));
    (
        any::<u32>(),
        wide,
        list(),
        prop::option::of("[a-z]{0,3}"),
        prop::collection::btree_map(0..4u8, prop::collection::vec(any::<u8>(), 0..3), 0..3),
        list(),
        (any::<i32>(), any::<u8>(), prop::option::of(-1e30..1e30f32)),
    )
        .prop_map(|(count, sum, list, text, by_key, found, (a, b, c))| Everything {
            count: count.into(),
            sum,
            list,
            text,
            by_key,
            found: found.into_iter().collect(),
            pair: (a.into(), (b, c)),
        })
}

proptest! {
    #[test]
    fn any_order_and_tree_gives_the_same(
        outputs in prop::collection::vec(everything(), 1..20),
        choices in prop::collection::vec(any::<usize>(), 1..20),
    ) {
        let list: Vec<i32> = outputs.iter().flat_map(|output| output.list.clone()).collect();
        let (in_order, joined) = any_tree(outputs, &choices);
        prop_assert_eq!(in_order.sum.to_bits(), joined.sum.to_bits());
        prop_assert_eq!(&in_order, &joined);
        prop_assert_eq!(joined.list, list);
    }

    #[test]
    fn ranges_of_items_stay_in_order(
        lengths in prop::collection::vec((1..5u64, 0..3usize), 1..20),
        choices in prop::collection::vec(any::<usize>(), 1..20),
    ) {
        let mut first = 0;
        let mut expected = Vec::new();
        let mut parts = Vec::new();
        for (items, length) in lengths {
            let list = vec![first; length];
            expected.extend(list.clone());
            parts.push(list.gather(first..first + items));
            first += items;
        }
        for choice in choices.iter().cycle() {
            if parts.len() == 1 {
                break;
            }
            let other = parts.swap_remove(choice % parts.len());
            let into = choice / 5 % parts.len();
            Vec::join(&mut parts[into], other);
        }
        prop_assert_eq!(Vec::finish(parts.remove(0)), expected);
    }
}

#[test]
fn parts_of_adjacent_ranges_are_joined() {
    let mut all = vec!['a'].gather(0..1);
    for (letter, items) in [('c', 2..4), ('e', 7..8), ('d', 4..7), ('b', 1..2)] {
        Vec::join(&mut all, vec![letter].gather(items));
    }
    assert_eq!(all, vec!['a', 'b', 'c', 'd', 'e'].gather(0..8));
}

#[test]
fn floats_need_an_output_per_item() {
    const { assert!(Everything::ITEMWISE && !<(u64, Vec<f64>)>::ITEMWISE) }
}
