//! The columns of an input table, from which momenta are read.

use crate::algorithms::four_momentum::FourMomentum;
use crate::algorithms::particles::Particle;
use crate::app::Setup;
use crate::error::Result;
use crate::event::{ColumnIndex, ElementType, EventStore, Slice, TableHandle};
use serde::{Deserialize, Serialize};

/// The column names in input tables.
///
/// The momentum is read from three columns: either `px`, `py`, `pz` or `pt`, `eta`, `phi`. The energy is read from the
/// column `e` or computed from the mass. The mass is read from the column `m` or, with `mass = "hypothesis"`, taken to
/// be the daughter's known mass. Defaults: `px`, `py`, `pz` and `e`.
///
/// ```
/// use gaudi_mpi::algorithms::CombineColumns;
///
/// let columns: CombineColumns = toml::from_str(r#"
///     pt = "Muon_pt"
///     eta = "Muon_eta"
///     phi = "Muon_phi"
///     mass = "hypothesis"
///     charge = "Muon_charge"
/// "#)?;
/// assert_eq!(columns.pt.as_deref(), Some("Muon_pt"));
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CombineColumns {
    /// Momentum along x.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub px: Option<String>,
    /// Momentum along y.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub py: Option<String>,
    /// Momentum along z.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pz: Option<String>,
    /// Energy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub e: Option<String>,
    /// Transverse momentum.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pt: Option<String>,
    /// Pseudorapidity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eta: Option<String>,
    /// Azimuth in rad.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phi: Option<String>,
    /// Mass.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub m: Option<String>,
    /// Where the mass comes from if it is not in a column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mass: Option<MassFrom>,
    /// PDG identifier. Default: `pid`, if the table has this column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<String>,
    /// Charge, used to select rows if the table has no identifiers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub charge: Option<String>,
}

/// Where a daughter's mass comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MassFrom {
    /// The known mass of the particle that the descriptor names.
    Hypothesis,
}

/// The columns from which a row's momentum is computed.
pub(super) struct Momentum {
    /// px, py, pz; or pt, eta, phi if `polar`.
    columns: [ColumnIndex; 3],
    polar: bool,
    energy: Energy,
    pub unit: String,
}

enum Energy {
    Column(ColumnIndex),
    /// A column of masses.
    Mass(ColumnIndex),
    /// The same mass for all rows, in the unit of the momentum.
    Hypothesis(f64),
}

impl CombineColumns {
    /// Returns whether no names are given.
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Finds the columns of `table` from which to compute the momentum of `particle`.
    pub(super) fn momentum(&self, setup: &mut Setup, table: &str, particle: &Particle) -> Result<Momentum> {
        let Self {
            px,
            py,
            pz,
            e,
            pt,
            eta,
            phi,
            m,
            mass,
            ..
        } = self;
        let polar = [pt, eta, phi].iter().any(|name| name.is_some());
        if polar && [px, py, pz].iter().any(|name| name.is_some()) {
            return Err("columns: a momentum is px, py, pz or pt, eta, phi, not a mixture".into());
        }
        if [e.is_some(), m.is_some(), mass.is_some()]
            .iter()
            .filter(|given| **given)
            .count()
            > 1
        {
            return Err("columns: the energy comes from one of e, m and mass = \"hypothesis\": give one only".into());
        }
        let mut unit = None;
        let mut find = |name: &str, has_unit: bool| -> Result<ColumnIndex> {
            let (handle, column) = number(setup, table, name)?;
            if has_unit {
                let kind = setup.kind(handle, column);
                match &unit {
                    None => unit = Some(kind.unit.clone()),
                    Some(first) if *first != kind.unit => {
                        return Err(format!(
                            "{table}/{name} is in '{}', but the momentum in '{first}': convert one of them with Define",
                            kind.unit
                        )
                        .into());
                    }
                    Some(_) => {}
                }
            }
            Ok(column)
        };
        let columns = if polar {
            let name = |given: &Option<String>, what: &str| {
                given
                    .clone()
                    .ok_or_else(|| format!("columns: {what} is missing: a momentum needs pt, eta and phi"))
            };
            let [pt, eta, phi] = [name(pt, "pt")?, name(eta, "eta")?, name(phi, "phi")?];
            [find(&pt, true)?, find(&eta, false)?, find(&phi, false)?]
        } else {
            let mut find = |given: &Option<String>, usual: &str| find(given.as_deref().unwrap_or(usual), true);
            [find(px, "px")?, find(py, "py")?, find(pz, "pz")?]
        };
        let energy = match (m, mass) {
            (Some(m), _) => Energy::Mass(find(m, true)?),
            (None, Some(MassFrom::Hypothesis)) => Energy::Hypothesis(0.0),
            (None, None) => Energy::Column(find(e.as_deref().unwrap_or("e"), true)?),
        };
        let unit = unit.unwrap_or_default();
        let energy = match energy {
            Energy::Hypothesis(_) => Energy::Hypothesis(particle.mass / in_mev(&unit, table)?),
            other => other,
        };
        Ok(Momentum {
            columns,
            polar,
            energy,
            unit,
        })
    }
}

/// Returns the value of a momentum unit in MeV.
fn in_mev(unit: &str, table: &str) -> Result<f64> {
    match unit.split('/').next().unwrap_or(unit).trim() {
        "" | "MeV" => Ok(1.0),
        "eV" => Ok(1e-6),
        "keV" => Ok(1e-3),
        "GeV" => Ok(1e3),
        "TeV" => Ok(1e6),
        _ => Err(format!(
            "momenta in {table} are in '{unit}', an unknown unit: mass = \"hypothesis\" needs eV, keV, MeV, GeV or TeV"
        )
        .into()),
    }
}

/// Finds a numeric column.
pub(super) fn number(setup: &mut Setup, table: &str, name: &str) -> Result<(TableHandle, ColumnIndex)> {
    let found = setup.find(&format!("{table}/{name}"))?;
    match setup.kind(found.0, found.1).element {
        other @ (ElementType::Text | ElementType::Bool) => {
            Err(format!("{table}/{name} holds {other}, but must hold numbers").into())
        }
        _ => Ok(found),
    }
}

impl Momentum {
    /// Returns the bit pattern of the mass hypothesis, or 0 if the mass or energy is read from columns.
    pub(super) fn hypothesis(&self) -> u64 {
        match self.energy {
            Energy::Hypothesis(mass) => mass.to_bits(),
            _ => 0,
        }
    }

    /// Returns a function that maps a row index, counted across all events in the store, to the row's momentum.
    pub(super) fn reader<'a>(
        &'a self,
        store: &'a EventStore,
        table: TableHandle,
    ) -> impl Fn(usize) -> FourMomentum + 'a {
        let column = |column: ColumnIndex| store.slice(table, column);
        let [a, b, c] = self.columns.map(column);
        let d = match self.energy {
            Energy::Column(index) | Energy::Mass(index) => column(index),
            Energy::Hypothesis(_) => None,
        };
        move |row| {
            let [a, b, c] = [at(a, row), at(b, row), at(c, row)];
            let [px, py, pz] = if self.polar {
                let (sine, cosine) = c.sin_cos();
                [a * cosine, a * sine, a * b.sinh()]
            } else {
                [a, b, c]
            };
            match self.energy {
                Energy::Column(_) => FourMomentum {
                    px,
                    py,
                    pz,
                    e: at(d, row),
                },
                Energy::Mass(_) => FourMomentum::from_mass(px, py, pz, at(d, row)),
                Energy::Hypothesis(mass) => FourMomentum::from_mass(px, py, pz, mass),
            }
        }
    }
}

/// Returns a value as `f64`. Non-numeric columns were already rejected by [`number`].
#[inline]
pub(super) fn at(values: Option<Slice<'_>>, row: usize) -> f64 {
    match values {
        Some(Slice::F64(values)) => values[row],
        Some(Slice::F32(values)) => f64::from(values[row]),
        Some(Slice::I8(values)) => f64::from(values[row]),
        Some(Slice::I16(values)) => f64::from(values[row]),
        Some(Slice::I32(values)) => f64::from(values[row]),
        Some(Slice::I64(values)) => values[row] as f64,
        Some(Slice::U8(values)) => f64::from(values[row]),
        Some(Slice::U16(values)) => f64::from(values[row]),
        Some(Slice::U32(values)) => f64::from(values[row]),
        Some(Slice::U64(values)) => values[row] as f64,
        Some(Slice::Bool(_)) | None => f64::NAN,
    }
}
