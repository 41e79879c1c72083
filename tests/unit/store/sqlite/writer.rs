//! Tests of `src/store/sqlite/writer.rs`.

use std::{future::Future, sync::mpsc, time::Duration};

use futures_util::{
    FutureExt,
    future::{join, join_all, join3, join4},
};
use tempfile::TempDir;

use super::*;

/// Starts a writer on a table of unique numbers.
fn fresh() -> (TempDir, WriterThread) {
    let folder = tempfile::tempdir().unwrap();
    let connection = Connection::open(folder.path().join("numbers.db")).unwrap();
    connection.busy_timeout(Duration::from_millis(10)).unwrap();
    let schema = "
        PRAGMA journal_mode = WAL;
        PRAGMA foreign_keys = ON;
        CREATE TABLE number (n INTEGER PRIMARY KEY, of INTEGER REFERENCES number (n), text TEXT);";
    connection.execute_batch(schema).unwrap();
    (folder, WriterThread::start(connection).unwrap())
}

fn insert(writer: &WriterThread, n: i64) -> impl Future<Output = Result<usize, Error>> {
    writer.write(move |tx| Ok(tx.execute("INSERT INTO number (n) VALUES (?1)", [n])?))
}

async fn numbers(writer: &WriterThread) -> i64 {
    let count = |tx: &Transaction<'_>| Ok(tx.query_row("SELECT count(*) FROM number", [], |row| row.get(0))?);
    writer.write(count).await.unwrap()
}

/// Blocks the writer in a job until the sender sends: writes made meanwhile share the next batch.
async fn hold(writer: &WriterThread) -> (mpsc::Sender<()>, impl Future<Output = Result<(), Error>>) {
    let (let_go, wait) = mpsc::channel();
    let (began, begun) = oneshot::channel();
    let mut held = Box::pin(writer.write(move |_| {
        let _ = began.send(());
        let _ = wait.recv();
        Ok(())
    }));
    assert!(held.as_mut().now_or_never().is_none());
    begun.await.unwrap();
    (let_go, held)
}

#[actix_web::test]
async fn a_panic_is_rolled_back_and_answered_and_the_writer_continues() {
    let (_folder, writer) = fresh();
    let (let_go, held) = hold(&writer).await;
    let panics = writer.write(|tx| {
        tx.execute("INSERT INTO number (n) VALUES (2)", [])?;
        assert_eq!(1, 2, "on purpose");
        Ok(())
    });
    let batch = join3(insert(&writer, 1), panics, insert(&writer, 3));
    let (batch, held, _) = join3(batch, held, async { let_go.send(()) }).await;
    assert_eq!((batch.0, batch.2, held), (Ok(1), Ok(1), Ok(())));
    let Err(Error::Internal(cause)) = batch.1 else { panic!("not answered as our fault") };
    assert!(cause.to_string().contains("on purpose"));
    assert_eq!(numbers(&writer).await, 2);
}

#[actix_web::test]
async fn a_full_queue_is_busy_at_once_and_loses_nothing() {
    let (_folder, writer) = fresh();
    let (let_go, held) = hold(&writer).await;
    let jobs_max = i64::try_from(QUEUE_JOBS_MAX).unwrap();
    let mut queued: Vec<_> = (0..jobs_max).map(|n| Box::pin(insert(&writer, n))).collect();
    for write in &mut queued {
        assert!(write.as_mut().now_or_never().is_none());
    }
    assert_eq!(insert(&writer, jobs_max).now_or_never(), Some(Err(Error::Busy)));
    let_go.send(()).unwrap();
    held.await.unwrap();
    assert!(join_all(queued).await.iter().all(Result::is_ok));
    assert_eq!(numbers(&writer).await, jobs_max);
}

#[actix_web::test]
async fn a_failed_commit_is_the_answer_to_every_job_in_it() {
    let (_folder, writer) = fresh();
    let (let_go, held) = hold(&writer).await;
    let orphan = writer.write(|tx| {
        tx.execute_batch("PRAGMA defer_foreign_keys = ON; INSERT INTO number (n, of) VALUES (8, 9)")?;
        Ok(())
    });
    let batch = join3(insert(&writer, 1), orphan, insert(&writer, 2));
    let (batch, held, _) = join3(batch, held, async { let_go.send(()) }).await;
    assert!(matches!(batch, (Err(Error::Internal(_)), Err(Error::Internal(_)), Err(Error::Internal(_)))));
    assert!(held.is_err());
    assert_eq!(numbers(&writer).await, 0);
    assert_eq!(insert(&writer, 1).await, Ok(1));
}

#[actix_web::test]
async fn a_full_disk_is_an_error_and_writes_continue_when_space_is_free() {
    let (_folder, writer) = fresh();
    let pages_max = |pages: u32| writer.write(move |tx| Ok(tx.pragma_update(None, "max_page_count", pages)?));
    let fill = |n: i64| {
        writer.write(move |tx| {
            let text = "x".repeat(100_000);
            Ok(tx.execute("INSERT INTO number (n, text) VALUES (?1, ?2)", (n, text))?)
        })
    };
    pages_max(10).await.unwrap();
    assert_eq!(fill(1).await, Err(Error::StorageFull));
    assert_eq!(numbers(&writer).await, 0);
    pages_max(10_000).await.unwrap();
    assert_eq!(fill(1).await, Ok(1));
}

#[actix_web::test]
async fn a_database_locked_by_another_program_is_busy_and_writes_continue_after() {
    let (folder, writer) = fresh();
    let other = Connection::open(folder.path().join("numbers.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (first, second) = join(insert(&writer, 1), insert(&writer, 2)).await;
    assert_eq!((first, second), (Err(Error::Busy), Err(Error::Busy)));
    other.execute_batch("COMMIT").unwrap();
    assert_eq!(insert(&writer, 1).await, Ok(1));
}

#[actix_web::test]
async fn a_transaction_that_sqlite_rolled_back_is_the_answer_to_every_job_in_it() {
    let (_folder, writer) = fresh();
    let (let_go, held) = hold(&writer).await;
    let given_up = writer.write(|tx| {
        tx.execute_batch("ROLLBACK")?;
        Err::<(), _>(Error::StorageFull)
    });
    let (first, given_up, held, _) = join4(insert(&writer, 1), given_up, held, async { let_go.send(()) }).await;
    assert_eq!((first, given_up, held), (Err(Error::StorageFull), Err(Error::StorageFull), Err(Error::StorageFull)));
    assert_eq!(insert(&writer, 1).await, Ok(1));
}
