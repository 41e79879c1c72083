//! What users report to the operator.

use std::time::Duration;

use rusqlite::{Connection, Row, Transaction, params};

use super::{
    owners,
    row::{Stored, readable},
    users,
};
use crate::domain::{
    error::Error,
    id::{AppKey, UserId, UserKey},
    report::{NewReport, REPORTS_KEPT_MAX, REPORTS_PER_DAY, Report, ReportSubject, ReportText},
    text::Title,
    time::Moment,
};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// The one before the newest so many: when it is a day old, the next report may be made.
const OF_TODAY: &str = "SELECT at FROM report WHERE user = ?1 AND at > ?2 ORDER BY at DESC LIMIT 1 OFFSET ?3";

const ADD: &str = "INSERT INTO report (app, user, kind, about, text, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

const FORGET: &str = "
    DELETE FROM report WHERE app = ?1 AND key <= (
        SELECT key FROM report WHERE app = ?1 ORDER BY key DESC LIMIT 1 OFFSET ?2)";

pub(in crate::store) fn add(
    tx: &Transaction<'_>,
    app: AppKey,
    user: UserKey,
    report: &NewReport,
    at: Moment,
) -> Result<(), Error> {
    owners::acting(tx, app, user)?;
    let (kind, about) = match &report.subject {
        ReportSubject::Chat(with) => {
            users::key_of(tx, app, with)?;
            ("chat", with.as_str())
        }
        ReportSubject::Feedback(title) => ("feedback", title.as_str()),
    };
    let since = at.before(DAY);
    let oldest = params![user.0, since.micros(), REPORTS_PER_DAY - 1];
    let mut of_today = tx.prepare_cached(OF_TODAY)?;
    if let Some(row) = of_today.query(oldest)?.next()? {
        let micros: i64 = row.get(0)?;
        let left = u64::try_from(micros - since.micros()).unwrap_or_default();
        return Err(Error::TooMany { what: "reports in a day", retry_after: Duration::from_micros(left) });
    }
    tx.prepare_cached(ADD)?.execute(params![app.0, user.0, kind, about, report.text.as_str(), at.micros()])?;
    tx.prepare_cached(FORGET)?.execute(params![app.0, REPORTS_KEPT_MAX])?;
    Ok(())
}

const BEFORE: &str = "
    SELECT report.key, user.id, report.kind, report.about, report.text, report.at
    FROM report JOIN user ON user.key = report.user
    WHERE report.app = ?1 AND report.key < ?2 ORDER BY report.key DESC LIMIT ?3";

/// Newest first.
pub(in crate::store) fn before(
    connection: &Connection,
    app: AppKey,
    key: i64,
    at_most: u32,
) -> Result<Vec<Report>, Error> {
    let mut statement = connection.prepare_cached(BEFORE)?;
    readable(statement.query(params![app.0, key, at_most])?, report).collect()
}

fn report(row: &Row<'_>) -> Result<Report, Error> {
    let row = Stored::of("report", row);
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
