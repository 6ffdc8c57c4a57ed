//! How sequences are nested: not in circles, not too deep, and with what in several of them.

use super::{Kind, Member, Steps};
use crate::error::Result;

/// Sequences within sequences within sequences: more than anybody wants.
const DEEPEST: usize = 200;

impl Steps {
    /// What is in several sequences, or in one that is.
    pub(super) fn share(&mut self, uses: &[usize]) {
        let mut shared: Vec<usize> = (0..self.steps.len()).filter(|&step| uses[step] > 1).collect();
        while let Some(step) = shared.pop() {
            if std::mem::replace(&mut self.steps[step].shared, true) {
                continue;
            }
            if let Kind::Sequence { members, .. } = &self.steps[step].kind {
                shared.extend(members.iter().map(|member| member.step));
            }
        }
    }

    /// A sequence that contains itself would never end.
    pub(super) fn check_circles(&self) -> Result<()> {
        // How deep each step is nested, in the order of a walk that takes a step when all that contain it are taken.
        let mut containing = vec![0; self.steps.len()];
        let members = |step: usize| match &self.steps[step].kind {
            Kind::Sequence { members, .. } => members.as_slice(),
            Kind::Algorithm { .. } => &[],
        };
        for step in 0..self.steps.len() {
            members(step).iter().for_each(|member| containing[member.step] += 1);
        }
        let mut depth = vec![0; self.steps.len()];
        let mut next: Vec<usize> = self.top.iter().map(|member| member.step).collect();
        while let Some(step) = next.pop() {
            for member in members(step) {
                depth[member.step] = depth[member.step].max(depth[step] + 1);
                containing[member.step] -= 1;
                if containing[member.step] == 0 {
                    next.push(member.step);
                }
            }
        }
        let name = |step: usize| &self.steps[step].name;
        if let Some(step) = (0..self.steps.len()).find(|&step| containing[step] > 0 && self.contains(step, step)) {
            return Err(format!("the sequence '{}' contains itself, through its members", name(step)).into());
        }
        match depth.iter().position(|depth| *depth > DEEPEST) {
            Some(step) => Err(format!(
                "'{}' is in a sequence in a sequence, more than {DEEPEST} deep: use fewer sequences",
                name(step)
            )
            .into()),
            None => Ok(()),
        }
    }

    /// Whether a step is among the members of another, or among theirs.
    fn contains(&self, outer: usize, inner: usize) -> bool {
        let mut seen = vec![false; self.steps.len()];
        let mut next = vec![outer];
        while let Some(step) = next.pop() {
            let Kind::Sequence { members, .. } = &self.steps[step].kind else {
                continue;
            };
            for member in members {
                if member.step == inner {
                    return true;
                }
                if !std::mem::replace(&mut seen[member.step], true) {
                    next.push(member.step);
                }
            }
        }
        false
    }

    /// The steps in the order in which they are first executed; sequences after their members.
    pub(super) fn order(&self) -> Vec<usize> {
        let (mut order, mut seen) = (Vec::with_capacity(self.steps.len()), vec![false; self.steps.len()]);
        self.order_members(&self.top, &mut seen, &mut order);
        order
    }

    fn order_members(&self, members: &[Member], seen: &mut [bool], order: &mut Vec<usize>) {
        for member in members {
            if std::mem::replace(&mut seen[member.step], true) {
                continue;
            }
            if let Kind::Sequence { members, .. } = &self.steps[member.step].kind {
                self.order_members(members, seen, order);
            }
            order.push(member.step);
        }
    }
}
