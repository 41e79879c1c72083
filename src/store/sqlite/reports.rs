use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};

use super::row::{StoredRow, readable, run};
use crate::domain::{AppKey, Error, Moment, NewReport, Report, ReportSubject, ReportText, Title, UserId, UserKey};

const NTH_NEWEST: &str = "SELECT at FROM report WHERE user = ?1 AND at > ?2 ORDER BY at DESC LIMIT 1 OFFSET ?3";

pub(crate) fn nth_newest(db: &Connection, user: UserKey, since: Moment, newer: u32) -> Result<Option<Moment>, Error> {
    let mut statement = db.prepare_cached(NTH_NEWEST)?;
    let at = statement.query_row(params![user.0, since.micros(), newer], |row| row.get(0)).optional()?;
    Ok(at.map(Moment::from_micros))
}

const ADD: &str = "INSERT INTO report (app, user, kind, about, text, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

pub(crate) fn add(
    tx: &Transaction<'_>,
    app: AppKey,
    user: UserKey,
    report: &NewReport,
    at: Moment,
) -> Result<(), Error> {
    let (kind, about) = match &report.subject {
        ReportSubject::Chat(with) => ("chat", with.as_str()),
        ReportSubject::Feedback(title) => ("feedback", title.as_str()),
    };
    run(tx, ADD, params![app.0, user.0, kind, about, report.text.as_str(), at.micros()])
}

const FORGET: &str = "
    DELETE FROM report WHERE app = ?1 AND key <= (
        SELECT key FROM report WHERE app = ?1 ORDER BY key DESC LIMIT 1 OFFSET ?2)";

pub(crate) fn keep_newest(tx: &Transaction<'_>, app: AppKey, kept: u32) -> Result<(), Error> {
    run(tx, FORGET, params![app.0, kept])
}

const BEFORE: &str = "
    SELECT report.key, user.id, report.kind, report.about, report.text, report.at
    FROM report JOIN user ON user.key = report.user
    WHERE report.app = ?1 AND report.key < ?2 ORDER BY report.key DESC LIMIT ?3";

pub(crate) fn before(db: &Connection, app: AppKey, key: i64, at_most: u32) -> Result<Vec<Report>, Error> {
    let mut statement = db.prepare_cached(BEFORE)?;
    readable(statement.query(params![app.0, key, at_most])?, report).collect()
}

fn report(row: &Row<'_>) -> Result<Report, Error> {
    let row = StoredRow::of("report", row);
    let kind: String = row.get(2)?;
    let subject = match kind.as_str() {
        "chat" => ReportSubject::Chat(row.parsed(3, UserId::parse)?),
        _ => ReportSubject::Feedback(row.parsed(3, Title::parse)?),
    };
    Ok(Report {
        key: row.get(0)?,
        by: row.parsed(1, UserId::parse)?,
        subject,
        text: row.parsed(4, ReportText::parse)?,
        at: row.moment(5)?,
    })
}
