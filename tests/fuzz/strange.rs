//! Strange inputs within a budget, and the crashes that are kept.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use proptest::{
    collection::vec,
    prelude::{Just, Strategy, any, prop_oneof},
    sample::Index,
    test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner},
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// The default of each target. Such a run tries the same inputs each time, so that a gate says the same of the same
/// tree; one that was given its time tries what no other has.
const BUDGET: Duration = Duration::from_millis(1500);

/// How long a target may run, in seconds.
const SECONDS: &str = "STANDIN_FUZZ_SECONDS";

/// Inputs between two looks at the clock.
const CASES: u32 = 64;

/// Edits of one honest input at the most.
const EDITS_MAX: usize = 6;

/// Longer inputs are cut.
const CASE_BYTES_MAX: usize = 64 * 1024;

/// How long a failing input is made smaller.
const SHRINK_WAIT: Duration = Duration::from_secs(20);

/// A parser that strangers reach.
pub(crate) struct Target {
    /// The folder of its kept crashes.
    pub(crate) name: &'static str,
    /// Honest inputs.
    pub(crate) seeds: Vec<Vec<u8>>,
    /// Words of its language.
    pub(crate) words: &'static [&'static str],
    /// Bytes in front that no parser reads: they choose the call.
    pub(crate) head_bytes: usize,
}

/// One change of an honest input.
#[derive(Debug, Clone)]
enum Edit {
    /// What stands at a place of a JSON document becomes something odd.
    Value(Index, Index),
    /// One bit is another one.
    Flip(Index, u8),
    /// Bytes come in.
    Put(Index, Vec<u8>),
    /// A word comes in.
    Word(Index, Index),
    /// The rest is gone.
    Cut(Index),
    /// Some bytes are gone.
    Drop(Index, usize),
    /// Some bytes are said again and again.
    Repeat(Index, usize, usize),
    /// From here on it is another input.
    Splice(Index, Index, Index),
}

fn edit() -> impl Strategy<Value = Edit> {
    let at = any::<Index>;
    prop_oneof![
        4 => (at(), at()).prop_map(|(at, odd)| Edit::Value(at, odd)),
        2 => (at(), 0..8_u8).prop_map(|(at, bit)| Edit::Flip(at, bit)),
        2 => (at(), vec(any::<u8>(), 1..9)).prop_map(|(at, bytes)| Edit::Put(at, bytes)),
        3 => (at(), at()).prop_map(|(at, word)| Edit::Word(at, word)),
        1 => at().prop_map(Edit::Cut),
        2 => (at(), 1..33_usize).prop_map(|(at, bytes)| Edit::Drop(at, bytes)),
        1 => (at(), 1..33_usize, 2..300_usize).prop_map(|(at, bytes, times)| Edit::Repeat(at, bytes, times)),
        1 => (at(), at(), at()).prop_map(|(at, seed, from)| Edit::Splice(at, seed, from)),
    ]
}

/// Values that programs do not think of.
fn odd(which: Index) -> Value {
    let odd = [
        Value::Null,
        json!(true),
        json!(0),
        json!(-1),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(1e308),
        json!(0.1),
        json!(""),
        json!(" "),
        json!("\u{0}"),
        json!("\u{202e}\u{feff}"),
        json!("\u{1F469}\u{200D}\u{1F4BB}".repeat(40)),
        json!("a".repeat(300)),
        json!("%00%ff%"),
        json!("../../x"),
        json!("' OR 1=1 --"),
        json!("{\"a\":[1]}"),
        json!([]),
        json!({}),
        json!([[[[[[[[]]]]]]]]),
        json!(vec![json!("a"); 150]),
        json!({ "": { "": { "": null } } }),
        json!([null, 1, "a", {}]),
    ];
    odd[which.index(odd.len())].clone()
}

/// The value at a place, counted as a reader meets them.
fn place<'a>(value: &'a mut Value, left: &mut usize) -> Option<&'a mut Value> {
    if *left == 0 {
        return Some(value);
    }
    *left -= 1;
    match value {
        Value::Array(items) => items.iter_mut().find_map(|item| place(item, left)),
        Value::Object(fields) => fields.iter_mut().find_map(|(_, field)| place(field, left)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(fields) => fields.values().map(count).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

impl Target {
    fn edited(&self, seed: Index, edits: &[Edit]) -> Vec<u8> {
        let mut case = self.seeds[seed.index(self.seeds.len())].clone();
        for edit in edits {
            self.change(&mut case, edit);
            case.truncate(CASE_BYTES_MAX);
        }
        case
    }

    fn change(&self, case: &mut Vec<u8>, edit: &Edit) {
        let at = |index: &Index, case: &[u8]| index.index(case.len() + 1);
        match edit {
            Edit::Value(whose, which) => {
                let (head, body) = case.split_at(self.head_bytes.min(case.len()));
                let Ok(mut document) = serde_json::from_slice::<Value>(body) else { return };
                let mut left = whose.index(count(&document));
                if let Some(value) = place(&mut document, &mut left) {
                    *value = odd(*which);
                }
                *case = [head, document.to_string().as_bytes()].concat();
            }
            Edit::Flip(index, bit) => {
                let at = index.index(case.len().max(1));
                if let Some(byte) = case.get_mut(at) {
                    *byte ^= 1 << bit;
                }
            }
            Edit::Put(index, bytes) => put(case, at(index, case), bytes),
            Edit::Word(index, which) if !self.words.is_empty() => {
                put(case, at(index, case), self.words[which.index(self.words.len())].as_bytes());
            }
            Edit::Word(..) => {}
            Edit::Cut(index) => case.truncate(at(index, case)),
            Edit::Drop(index, bytes) => {
                let from = at(index, case);
                let to = (from + bytes).min(case.len());
                case.drain(from..to);
            }
            Edit::Repeat(index, bytes, times) => {
                let from = at(index, case);
                let said = case[from..(from + bytes).min(case.len())].repeat(*times);
                put(case, from, &said);
            }
            Edit::Splice(index, seed, from) => {
                let other = &self.seeds[seed.index(self.seeds.len())];
                case.truncate(at(index, case));
                case.extend_from_slice(&other[at(from, other)..]);
            }
        }
    }

    fn inputs(&self) -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            1 => vec(any::<u8>(), 0..600),
            1 => any::<Index>().prop_flat_map(|seed| Just(self.edited(seed, &[]))),
            8 => (any::<Index>(), vec(edit(), 1..EDITS_MAX)).prop_map(|(seed, edits)| self.edited(seed, &edits)),
        ]
    }

    /// What is thrown for the inputs from this one on.
    fn dice(&self, tried: u32) -> TestRng {
        let seed = Sha256::digest(format!("{} {tried}", self.name));
        TestRng::from_seed(RngAlgorithm::ChaCha, &seed)
    }

    /// Tries what was kept, what is honest, and then what is strange, until the time is over.
    pub(crate) fn fuzz(&self, check: impl Fn(&[u8]) -> Result<(), String>) {
        let kept = regressions().join(self.name);
        replay(&kept, &check);
        for seed in &self.seeds {
            if let Err(fault) = check(seed) {
                panic!("an honest input fails: {fault}: {}", seed.escape_ascii());
            }
        }
        let config = Config {
            cases: CASES,
            failure_persistence: None,
            max_shrink_time: u32::try_from(SHRINK_WAIT.as_millis()).unwrap(),
            ..Config::default()
        };
        let (begun, given, mut tried) = (Instant::now(), given(), 0_u32);
        while begun.elapsed() < given.unwrap_or(BUDGET) {
            let mut runner = match given {
                Some(_) => TestRunner::new(config.clone()),
                None => TestRunner::new_with_rng(config.clone(), self.dice(tried)),
            };
            let tried_all = runner.run(&self.inputs(), |case| check(&case).map_err(TestCaseError::fail));
            match tried_all {
                Ok(()) => tried += CASES,
                Err(TestError::Fail(why, case)) => panic!("{why}\nkept as {}", keep(&kept, &case).display()),
                Err(TestError::Abort(why)) => panic!("{why}"),
            }
        }
        assert!(tried > 0, "no time for anything");
        #[expect(clippy::print_stderr, reason = "the count of tried inputs is for the person that runs it")]
        {
            eprintln!("{}: {tried} strange inputs in {:?}", self.name, begun.elapsed());
        }
    }
}

fn put(case: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    let rest = case.split_off(at);
    case.extend_from_slice(bytes);
    case.extend_from_slice(&rest);
}

fn given() -> Option<Duration> {
    let seconds = std::env::var(SECONDS).ok()?;
    Some(Duration::from_secs(seconds.parse().unwrap_or_else(|_| panic!("{SECONDS} is no number: {seconds}"))))
}

fn regressions() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/regressions")
}

/// Tries every file of a folder, if there is one.
fn replay(folder: &Path, check: &impl Fn(&[u8]) -> Result<(), String>) {
    let Ok(files) = fs::read_dir(folder) else { return };
    for file in files {
        let path = file.unwrap().path();
        if let Err(fault) = check(&fs::read(&path).unwrap()) {
            panic!("{} fails again: {fault}", path.display());
        }
    }
}

/// Writes a failing input where every later run finds it.
fn keep(folder: &Path, case: &[u8]) -> PathBuf {
    fs::create_dir_all(folder).unwrap();
    let name: String = Sha256::digest(case).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let path = folder.join(name);
    fs::write(&path, case).unwrap();
    path
}

#[test]
fn promise_53_an_input_that_failed_once_is_stored_and_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("a target");
    let faulty = |case: &[u8]| if case.starts_with(b"boom") { Err("it fails".to_owned()) } else { Ok(()) };
    replay(&folder, &faulty);
    keep(&folder, b"harmless");
    replay(&folder, &faulty);
    let path = keep(&folder, b"boom!");
    let said = std::panic::catch_unwind(|| replay(&folder, &faulty)).unwrap_err();
    assert!(said.downcast_ref::<String>().unwrap().starts_with(&path.display().to_string()), "{said:?}");
}

#[test]
fn promise_53_every_stored_crash_belongs_to_a_target_and_every_vendor_has_a_target() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz");
    let mut targets = Vec::new();
    for entry in fs::read_dir(&top).unwrap() {
        let source = fs::read_to_string(entry.unwrap().path()).unwrap_or_default();
        let named = source.split("name: \"").skip(1).filter_map(|rest| rest.split('"').next());
        targets.extend(named.filter(|name| !name.is_empty() && !name.contains(')')).map(str::to_owned));
    }
    let needed =
        ["mirrorfly", "multipart", "native", "pictures", "qiscus", "tencent", "tencent_frames", "usersig", "xmpp"];
    for target in needed {
        assert!(targets.iter().any(|known| known == target), "{target}: {targets:?}");
    }
    for entry in fs::read_dir(regressions()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(name == "README.md" || targets.contains(&name), "{name} is no target's");
    }
}
