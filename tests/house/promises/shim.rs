//! A server whose disk and clock do as a test orders: `faults.c`, built once and preloaded.

use std::{
    fs::{self, File},
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use tempfile::TempDir;

use super::Standin;

pub(crate) const READ: i64 = 1;
pub(crate) const WRITE: i64 = 2;
pub(crate) const SYNC: i64 = 4;
pub(crate) const RENAME: i64 = 8;
pub(crate) const MAKE: i64 = 16;
pub(crate) const CUT: i64 = 32;
pub(crate) const REMOVE: i64 = 64;
/// Every kind of call.
pub(crate) const ALL: i64 = READ | WRITE | SYNC | RENAME | MAKE | CUT | REMOVE;

pub(crate) const EIO: i64 = 5;
pub(crate) const ENOSPC: i64 = 28;
/// Not an error: the process is gone at that very call.
pub(crate) const KILLED: i64 = 0;

/// Places of the file of orders, as `faults.c` names them.
const FAIL_AT: u64 = 0;
const FAIL_ON: u64 = 1;
const ERROR: u64 = 2;
const KINDS: u64 = 3;
const CALLS: u64 = 4;
const FAILED: u64 = 5;
const SYNCS: u64 = 6;
const SYNC_WAIT_US: u64 = 7;
const CLOCK_S: u64 = 8;
const PLACES: usize = 16;

/// The orders of one process, and what came of them.
pub(crate) struct Faults {
    orders: File,
    folder: TempDir,
    data: PathBuf,
}

impl Faults {
    /// For whatever is started with [`Faults::variables`]: of its files, those beneath `data` are concerned.
    pub(crate) fn beneath(data: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("orders");
        fs::write(&path, [0; PLACES * 8]).unwrap();
        let orders = File::options().read(true).write(true).open(path).unwrap();
        Self { orders, folder, data: data.to_owned() }
    }

    /// A server on a new folder, under orders.
    pub(crate) async fn server(variables: &[(&str, &str)]) -> (Standin, Self) {
        let folder = tempfile::tempdir().unwrap();
        let faults = Self::beneath(&folder.path().join("data"));
        let own = faults.variables();
        let own = own.iter().map(|(name, value)| (*name, value.as_str()));
        let all: Vec<_> = variables.iter().copied().chain(own).collect();
        (Standin::over(folder, &all).await, faults)
    }

    pub(crate) fn variables(&self) -> [(&'static str, String); 4] {
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        [
            ("LD_PRELOAD", text(library())),
            ("FAULTS_FILE", text(&self.folder.path().join("orders"))),
            ("FAULTS_FOLDER", text(&self.data)),
            ("FAULTS_TRACE", text(&self.trace_path())),
        ]
    }

    /// From now on the `nth` call of these kinds fails so, and every later one too if it is `for_good`.
    pub(crate) fn fail(&self, nth: i64, kinds: i64, error: i64, for_good: bool) {
        self.set(FAIL_AT, 0);
        self.set(CALLS, 0);
        self.set(FAILED, 0);
        self.set(ERROR, error);
        self.set(KINDS, kinds);
        self.set(FAIL_ON, for_good.into());
        self.set(FAIL_AT, nth);
    }

    /// Nothing fails any more.
    pub(crate) fn heal(&self) {
        self.set(FAIL_AT, 0);
    }

    /// Counts calls of these kinds from here on.
    pub(crate) fn count(&self, kinds: i64) {
        self.fail(0, kinds, EIO, false);
    }

    pub(crate) fn calls(&self) -> i64 {
        self.get(CALLS)
    }

    pub(crate) fn failed(&self) -> i64 {
        self.get(FAILED)
    }

    /// Files and folders that were brought to the disk so far.
    pub(crate) fn syncs(&self) -> i64 {
        self.get(SYNCS)
    }

    pub(crate) fn make_each_sync_take_longer(&self, by: std::time::Duration) {
        self.set(SYNC_WAIT_US, by.as_micros().try_into().unwrap());
    }

    /// Sets the clock on the wall so far ahead of the true one, or behind it.
    pub(crate) fn set_clock(&self, seconds_ahead: i64) {
        self.set(CLOCK_S, seconds_ahead);
    }

    /// What was done to files since the last look, in order: `write /standin.db-wal`.
    pub(crate) fn trace(&self) -> Vec<String> {
        let trace = fs::read_to_string(self.trace_path()).unwrap();
        fs::write(self.trace_path(), "").unwrap();
        trace.lines().map(str::to_owned).collect()
    }

    fn trace_path(&self) -> PathBuf {
        self.folder.path().join("trace")
    }

    fn set(&self, place: u64, value: i64) {
        self.orders.write_all_at(&value.to_ne_bytes(), place * 8).unwrap();
    }

    fn get(&self, place: u64) -> i64 {
        let mut bytes = [0; 8];
        self.orders.read_exact_at(&mut bytes, place * 8).unwrap();
        i64::from_ne_bytes(bytes)
    }
}

/// The built shim.
fn library() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/house/promises/faults.c");
        let built = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("faults-{}.so", std::process::id()));
        let mut compiler = Command::new("cc");
        compiler.args(["-std=gnu11", "-O2", "-shared", "-fPIC", "-o"]).arg(&built).arg(source).arg("-ldl");
        assert!(compiler.status().unwrap().success(), "{compiler:?}");
        built
    })
}
