//! Processes that need tokens, and are killed between any two steps; a clock that is set back now and then.

use std::ops::ControlFlow;

use fastrand::Rng;

use super::*;

const LIFE: u64 = 3600;
const LENGTH: u64 = 8 * LIFE;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    Rest,
    Lock,
    Read,
    LogIn,
    Write(u64),
    Use(u64),
}

struct Process {
    at: u64,
    step: Step,
    rejected: Option<u64>,
}

/// What all processes see.
struct World {
    application: Application,
    locked_by: Option<usize>,
    kept: Option<KeptToken>,
    logins: u64,
    /// When the token of the last login ends.
    ends: u64,
    set_back: u64,
}

fn name(token: u64) -> String {
    format!("t0ken{token}")
}

impl World {
    fn clock(&self, now: u64) -> u64 {
        1_800_000_000 + now - self.set_back
    }

    /// Makes a step; the next one follows after this number of seconds. It ends if a fresh token is refused.
    fn step(&mut self, number: usize, process: &mut Process, has_lock: bool) -> ControlFlow<()> {
        let now = process.at;
        let (next, wait) = match process.step {
            Step::Rest => (Step::Lock, 0),
            Step::Lock if has_lock && self.locked_by.is_some_and(|by| by != number) => (Step::Lock, 1),
            Step::Lock => {
                self.locked_by = Some(number);
                (Step::Read, 0)
            }
            Step::Read => {
                let rejected = process.rejected.map(|token| Secret::from(name(token)));
                let found =
                    self.kept.clone().and_then(|kept| kept.usable(self.clock(now), rejected.as_ref()));
                match found {
                    Some(token) => {
                        self.locked_by = None;
                        let token = token.secret().expose().trim_start_matches("t0ken").parse();
                        (Step::Use(token.unwrap()), 1)
                    }
                    None => (Step::LogIn, 1),
                }
            }
            Step::LogIn => {
                (self.logins, self.ends) = (self.logins + 1, now + LIFE);
                (Step::Write(self.logins), 1)
            }
            Step::Write(token) => {
                let from = self.clock(now);
                self.kept = Some(KeptToken {
                    token: name(token),
                    from,
                    until: Some(from + LIFE),
                    application: self.application.clone(),
                });
                self.locked_by = None;
                (Step::Use(token), 0)
            }
            Step::Use(token) if token == self.logins && now < self.ends => {
                process.rejected = None;
                (Step::Rest, 200)
            }
            // A token that has been refused is changed once; the next one is good.
            Step::Use(_) if process.rejected.is_some() => return ControlFlow::Break(()),
            Step::Use(token) => {
                process.rejected = Some(token);
                (Step::Lock, 0)
            }
        };
        (process.step, process.at) = (next, now + wait);
        ControlFlow::Continue(())
    }
}

/// Whether there was one login for each life of a token, and at most one more for each kill; and whether all calls were made.
fn holds(seed: u64, application: &Application, has_lock: bool) -> bool {
    let (mut rng, mut kills) = (Rng::with_seed(seed), 0);
    let mut world = World {
        application: application.clone(),
        locked_by: None,
        kept: None,
        logins: 0,
        ends: 0,
        set_back: 0,
    };
    let rest = |at| Process { at, step: Step::Rest, rejected: None };
    let mut processes: Vec<_> = (0..rng.usize(2..6)).map(|_| rest(0)).collect();
    while let Some((number, process)) = processes.iter_mut().enumerate().min_by_key(|(_, process)| process.at)
    {
        let now = process.at;
        if now > LENGTH {
            break;
        }
        if process.step == Step::Rest {
            process.at += rng.u64(0..60);
        }
        if world.step(number, process, has_lock).is_break() {
            // A process that is killed during its login has cancelled the token before.
            return kills > 0;
        }
        if rng.u16(0..1000) == 0 {
            *process = rest(now + rng.u64(0..60));
            world.locked_by.take_if(|by| *by == number);
            kills += 1;
        }
        if rng.u16(0..2000) == 0 {
            world.set_back += rng.u64(0..LIFE);
        }
    }
    world.logins <= 1 + LENGTH / (LIFE - 300) + kills
}

#[test]
fn there_is_one_login_for_each_life_of_a_token_and_one_more_for_each_kill_at_most() {
    let application = tests::kept(0, None).application;
    let failing: Vec<_> = (0..1000).filter(|seed| !holds(*seed, &application, true)).collect();
    assert_eq!(failing, Vec::<u64>::new());
}

#[test]
fn without_the_lock_it_is_seen_to_fail() {
    let application = tests::kept(0, None).application;
    assert!((0..100).any(|seed| !holds(seed, &application, false)));
}
