//! The output table of `Combine`.

use super::combination_search::{BoundDecay, Combinations};
use crate::app::prelude::*;

/// The output table, with its columns.
pub(super) struct CandidateTable {
    pub table: TableHandle,
    px: ColumnHandle<f64>,
    py: ColumnHandle<f64>,
    pz: ColumnHandle<f64>,
    e: ColumnHandle<f64>,
    m: ColumnHandle<f64>,
    pt: ColumnHandle<f64>,
    pid: ColumnHandle<i32>,
    charge: ColumnHandle<i32>,
    children: Vec<ColumnHandle<i32>>,
}

impl CandidateTable {
    pub(super) fn create(setup: &mut Setup, output: &str, unit: &str, tables: &[String]) -> Result<Self> {
        let table = setup.create_table(output, Rows::Many)?;
        let mut momentum = |name: &str| setup.create(table, ColumnType::new::<f64>(name).unit(unit));
        let (px, py, pz) = (momentum("px")?, momentum("py")?, momentum("pz")?);
        let (e, m, pt) = (momentum("e")?, momentum("m")?, momentum("pt")?);
        let children = (1..)
            .zip(tables)
            .map(|(number, target)| setup.create(table, ColumnType::reference(&format!("child{number}"), target)))
            .collect::<Result<_>>()?;
        Ok(Self {
            table,
            px,
            py,
            pz,
            e,
            m,
            pt,
            pid: setup.create(table, ColumnType::new::<i32>("pid"))?,
            charge: setup.create(table, ColumnType::new::<i32>("charge"))?,
            children,
        })
    }

    /// Appends an event's candidates.
    pub(super) fn append(&self, store: &mut EventStore, found: &Combinations, decays: &[BoundDecay]) {
        let momenta = || found.candidates().map(|candidate| candidate.momentum);
        store.vec(self.px).extend(momenta().map(|momentum| momentum.px));
        store.vec(self.py).extend(momenta().map(|momentum| momentum.py));
        store.vec(self.pz).extend(momenta().map(|momentum| momentum.pz));
        store.vec(self.e).extend(momenta().map(|momentum| momentum.e));
        store.vec(self.pt).extend(momenta().map(|momentum| momentum.pt()));
        let masses = found.candidates().map(|candidate| candidate.mass);
        store.vec(self.m).extend(masses);
        let decays = || found.candidates().map(|candidate| &decays[candidate.decay]);
        store.vec(self.pid).extend(decays().map(|decay| decay.pid));
        store.vec(self.charge).extend(decays().map(|decay| decay.charge));
        for (place, child) in self.children.iter().enumerate() {
            let rows = found.candidates().map(|candidate| found.rows(candidate)[place] as i32);
            store.vec(*child).extend(rows);
        }
    }
}
