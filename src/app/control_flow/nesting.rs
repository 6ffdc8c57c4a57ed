//! The nesting of sequences. It must not contain cycles.

/// The maximum nesting depth of sequences.
const DEEPEST: usize = 200;

/// For each sequence, its members. Algorithms have none.
pub(super) struct Nesting {
    members: Vec<Vec<usize>>,
    /// For each algorithm and sequence, the number of sequences that contain it.
    uses: Vec<usize>,
}

impl Nesting {
    pub(super) fn new(members: Vec<Vec<usize>>) -> Self {
        let mut uses = vec![0; members.len()];
        members.iter().flatten().for_each(|&member| uses[member] += 1);
        Self { members, uses }
    }

    /// The algorithms and sequences that belong to no sequence.
    pub(super) fn top(&self) -> Vec<usize> {
        (0..self.uses.len()).filter(|&node| self.uses[node] == 0).collect()
    }

    /// The algorithms and sequences that belong to several sequences, and all of their direct and indirect members.
    pub(super) fn shared(&self) -> Vec<usize> {
        let mut is_shared = vec![false; self.uses.len()];
        let mut next: Vec<usize> = (0..self.uses.len()).filter(|&node| self.uses[node] > 1).collect();
        let mut shared = Vec::new();
        while let Some(node) = next.pop() {
            if !std::mem::replace(&mut is_shared[node], true) {
                shared.push(node);
                next.extend(&self.members[node]);
            }
        }
        shared
    }

    /// Checks that no sequence contains itself and that the nesting is not too deep. An error contains the offending
    /// sequence.
    pub(super) fn check(&self, names: &[&str]) -> Result<(), (usize, String)> {
        // The traversal visits a node only after all sequences that contain it, so nodes in a cycle are never visited.
        let mut unvisited = self.uses.clone();
        let mut depth = vec![0; self.members.len()];
        let mut next = self.top();
        while let Some(node) = next.pop() {
            for &member in &self.members[node] {
                depth[member] = depth[member].max(depth[node] + 1);
                unvisited[member] -= 1;
                if unvisited[member] == 0 {
                    next.push(member);
                }
            }
        }
        let in_cycle = (0..names.len()).find(|&node| unvisited[node] > 0 && self.contains(node, node));
        if let Some(node) = in_cycle {
            let message = format!("the sequence '{}' contains itself, through its members", names[node]);
            return Err((node, message));
        }
        match depth.iter().position(|depth| *depth > DEEPEST) {
            Some(node) => {
                let name = names[node];
                let message = format!("'{name}' is nested in more than {DEEPEST} sequences: use fewer sequences");
                Err((node, message))
            }
            None => Ok(()),
        }
    }

    /// Whether a sequence contains a node, directly or through its members.
    fn contains(&self, outer: usize, inner: usize) -> bool {
        let mut seen = vec![false; self.members.len()];
        let mut next = vec![outer];
        while let Some(node) = next.pop() {
            for &member in &self.members[node] {
                if member == inner {
                    return true;
                }
                if !std::mem::replace(&mut seen[member], true) {
                    next.push(member);
                }
            }
        }
        false
    }

    /// All nodes, ordered by their first execution. A sequence comes after its members.
    pub(super) fn order(&self) -> Vec<usize> {
        let (mut order, mut seen) = (Vec::with_capacity(self.members.len()), vec![false; self.members.len()]);
        self.add_in_order(&self.top(), &mut seen, &mut order);
        order
    }

    fn add_in_order(&self, nodes: &[usize], seen: &mut [bool], order: &mut Vec<usize>) {
        for &node in nodes {
            if !std::mem::replace(&mut seen[node], true) {
                self.add_in_order(&self.members[node], seen, order);
                order.push(node);
            }
        }
    }
}
