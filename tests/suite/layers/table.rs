//! The table of rooms in `ARCHITECTURE.md`.

/// A row: a room and what it may import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) room: String,
    pub(super) may_import: Vec<String>,
}

/// Reads the table under the heading `## Rooms`.
pub(super) fn read(document: &str) -> Result<Vec<Row>, String> {
    let section = document
        .lines()
        .skip_while(|line| line.trim_end() != "## Rooms")
        .skip(1)
        .take_while(|line| !line.starts_with("## "));
    let mut lines = section.filter(|line| line.starts_with('|'));
    let header = lines.next().ok_or("no table under the heading `## Rooms`")?;
    if cells(header) != ["floor", "room", "may import", "holds"] {
        return Err(format!("unknown columns: {header}"));
    }
    let mut rows = Vec::new();
    for line in lines.skip(1) {
        let cells = cells(line);
        let [_, room, may_import, holds] = cells.as_slice() else {
            return Err(format!("not four cells: {line}"));
        };
        let [room] = quoted(room)[..] else {
            return Err(format!("not one room in backticks: {line}"));
        };
        if holds.is_empty() {
            return Err(format!("`{room}` holds nothing"));
        }
        let may_import = quoted(may_import).into_iter().map(str::to_owned).collect();
        rows.push(Row { room: room.to_owned(), may_import });
    }
    Ok(rows)
}

fn cells(line: &str) -> Vec<&str> {
    line.trim().trim_matches('|').split('|').map(str::trim).collect()
}

/// What stands in backticks.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}
