//! Tests of `src/http/connection/read_budget/mod.rs`.

use std::{task::Waker, thread::sleep};

use super::{state::AGE_MIN, *};

const BUDGET: usize = 64 * 1024;

fn may_read(account: &ReadAccount) -> MayRead {
    account.may_read(&mut Context::from_waker(Waker::noop()))
}

fn read(account: &ReadAccount, bytes: usize, is_end: bool) {
    account.read(|note| note(bytes, is_end));
}

#[test]
fn promise_57_the_free_bytes_of_a_connection_are_not_charged_and_the_rest_is_until_it_is_consumed() {
    let budget = ReadBudget::new(BUDGET);
    let account = budget.account();
    for (bytes, charged) in [(FREE_BYTES - 1, 0), (1, 0), (1, 1), (99, 100)] {
        read(&account, bytes, false);
        assert_eq!(budget.charged_bytes(), charged);
    }
    account.release(50);
    account.hold(20);
    assert_eq!(budget.charged_bytes(), 70);
    read(&account, 30, true);
    read(&account, 5, true);
    assert_eq!(budget.charged_bytes(), 105);
    account.done(true);
    assert_eq!(budget.charged_bytes(), 0);
    account.done(true);
    assert_eq!(lock(&account.0.state).held, 0);
    assert!(lock(&budget.0.accounts).is_empty());
}

#[test]
fn promise_57_the_rest_of_a_refused_request_is_not_counted_and_the_next_request_is() {
    let budget = ReadBudget::new(BUDGET);
    let account = budget.account();
    read(&account, 20_000, false);
    account.done(true);
    read(&account, 20_000, false);
    assert_eq!(budget.charged_bytes(), 0);
    read(&account, 1, true);
    read(&account, FREE_BYTES + 7, false);
    assert_eq!(budget.charged_bytes(), 7);
    account.close();
    assert_eq!(budget.charged_bytes(), 0);
}

#[test]
fn promise_57_a_full_budget_ends_the_slowest_and_never_a_small_or_a_whole_request() {
    let budget = ReadBudget::new(BUDGET);
    let [slow, fast, whole, small] = [(); 4].map(|()| budget.account());
    read(&slow, FREE_BYTES + BUDGET / 4, false);
    read(&fast, FREE_BYTES + BUDGET / 2, false);
    read(&whole, FREE_BYTES + BUDGET / 4, true);
    read(&small, 100, false);
    assert_eq!(may_read(&small), MayRead::Yes);
    assert_eq!(may_read(&fast), MayRead::AfterOthers, "too young to be ended");
    assert!(![&slow, &fast, &whole, &small].iter().any(|account| account.is_ended()));
    sleep(AGE_MIN + SEARCH_EVERY);
    assert_eq!(may_read(&fast), MayRead::AfterOthers);
    assert_eq!([&slow, &fast, &whole, &small].map(ReadAccount::is_ended), [true, false, false, false]);
    slow.done(true);
    assert_eq!(may_read(&fast), MayRead::Yes);
}

#[test]
fn promise_57_a_client_that_waits_for_the_server_is_not_slow_for_it() {
    let budget = ReadBudget::new(BUDGET);
    let [stalled, waiting] = [(); 2].map(|()| budget.account());
    read(&stalled, FREE_BYTES + BUDGET, false);
    read(&waiting, FREE_BYTES + 100, false);
    waiting.client_waits();
    sleep(AGE_MIN + SEARCH_EVERY);
    waiting.client_waits();
    assert_eq!(may_read(&waiting), MayRead::AfterOthers);
    assert_eq!([&stalled, &waiting].map(ReadAccount::is_ended), [true, false]);
}

#[test]
fn promise_57_a_request_that_waits_to_be_read_is_ended_after_all_that_do_not_send() {
    let budget = ReadBudget::new(BUDGET);
    let [fast, waiting] = [(); 2].map(|()| budget.account());
    read(&waiting, FREE_BYTES + 1, false);
    sleep(AGE_MIN);
    waiting.client_waits();
    read(&fast, FREE_BYTES + BUDGET, false);
    sleep(AGE_MIN + SEARCH_EVERY);
    assert_eq!(may_read(&waiting), MayRead::AfterOthers);
    assert_eq!([&fast, &waiting].map(ReadAccount::is_ended), [true, false]);
}

#[test]
fn promise_57_pipelined_bytes_are_bounded() {
    let budget = ReadBudget::new(1 << 20);
    for (ahead, may) in [
        (AHEAD_BYTES_MAX - 1, MayRead::Yes),
        (AHEAD_BYTES_MAX, MayRead::Yes),
        (AHEAD_BYTES_MAX + 1, MayRead::AfterHandler),
    ] {
        let account = budget.account();
        read(&account, 300, true);
        read(&account, ahead, true);
        assert_eq!(may_read(&account), may, "{ahead}");
        account.done(true);
        assert_eq!(may_read(&account), MayRead::Yes);
    }
}

#[test]
fn promise_57_bytes_that_wait_for_a_handler_are_bounded() {
    let budget = ReadBudget::new(1 << 20);
    let cases = [(WAITING_BYTES_MAX - 1, MayRead::Yes), (WAITING_BYTES_MAX, MayRead::AfterHandler)];
    for (waiting, may) in cases {
        let account = budget.account();
        account.waits(Some(waiting - 1));
        account.waits(Some(1));
        assert_eq!(may_read(&account), may);
        account.is_drained();
        assert_eq!(may_read(&account), MayRead::Yes);
    }
}
