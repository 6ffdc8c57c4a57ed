//! Text tables with aligned columns.

/// A table of text cells. Each column is as wide as its widest cell.
#[derive(Default)]
pub struct TextTable {
    rows: Vec<Vec<String>>,
    /// The indices of the number columns, which are right-aligned.
    right: Vec<usize>,
}

impl TextTable {
    /// Creates a table. `right` contains the indices of the number columns.
    pub fn with_numbers(right: &[usize]) -> Self {
        Self {
            rows: Vec::new(),
            right: right.to_vec(),
        }
    }

    /// Appends a row.
    pub fn push<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.into());
    }

    /// Formats the rows as lines that start with a margin. Empty columns are omitted.
    pub fn lines(&self, margin: &str) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let mut lines = String::new();
        for row in &self.rows {
            let mut line = margin.to_string();
            for (column, cell) in row.iter().enumerate().filter(|(column, _)| widths[*column] > 0) {
                let pad = " ".repeat(widths[column] - cell.chars().count());
                let [before, after] = match self.right.contains(&column) {
                    true => [pad.as_str(), ""],
                    false => ["", pad.as_str()],
                };
                line += &format!("{before}{cell}{after}  ");
            }
            lines += line.trim_end();
            lines.push('\n');
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::TextTable;

    #[test]
    fn columns_are_as_wide_as_their_widest_cells() {
        let mut table = TextTable::with_numbers(&[2]);
        table.push(["px".into(), String::new(), "8".into(), "µ".into()]);
        table.push(["charge".into(), String::new(), "12".into(), String::new()]);
        assert_eq!(table.lines("  "), "  px       8  µ\n  charge  12\n");
    }
}
