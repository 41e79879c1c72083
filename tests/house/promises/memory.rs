//! Promise 54: memory does not grow. What shows it takes minutes (`cargo bench -- soak`); what it stands on is here.

use std::{fs, thread};

use super::Standin;

const ARENAS: &str = "MALLOC_ARENA_MAX";

/// What the process that serves was given of this variable.
fn given(house: &Standin) -> Option<String> {
    let environment = fs::read_to_string(format!("/proc/{}/environ", house.pid())).unwrap();
    let mut variables = environment.split('\0').filter_map(|variable| variable.split_once('='));
    variables.find(|(name, _)| *name == ARENAS).map(|(_, value)| value.to_owned())
}

#[actix_web::test]
async fn promise_54_the_server_keeps_to_one_arena_for_two_cores() {
    let house = Standin::fresh().await;
    let cores = thread::available_parallelism().unwrap().get();
    assert_eq!(given(&house), Some(cores.div_ceil(2).to_string()));
}

#[actix_web::test]
async fn promise_54_what_the_operator_says_of_the_allocator_stays() {
    let house = Standin::with(&[(ARENAS, "5")]).await;
    assert_eq!(given(&house).as_deref(), Some("5"));
    let house = Standin::with(&[("GLIBC_TUNABLES", "glibc.malloc.arena_max=6")]).await;
    assert_eq!(given(&house), None);
}
