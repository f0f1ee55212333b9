use koppel_protocol::nonce::Nonce;

use super::*;
use crate::tables::{self, FOREIGN, Maker, NOW_MS, Named};

fn machine(live: Live, poll: Poll) -> Connection {
    let view = if matches!(live, Live::Up { .. }) { ConnectionView::Live } else { ConnectionView::Offline };
    Connection { live, poll, view, ..Connection::default() }
}

fn states() -> Vec<Named<Connection>> {
    let (now, order) = (NOW_MS, 1);
    let asked = Poll::Asked { order: 2 };
    vec![
        ("off", machine(Live::Off, Poll::Off)),
        ("waiting, poll due later", machine(Live::Waiting { until: now + 5_000 }, Poll::Due { at: now + 2_000 })),
        ("waiting, poll asked", machine(Live::Waiting { until: now + 5_000 }, asked.clone())),
        ("opening, poll asked", machine(Live::Opening { order, since: now }, asked.clone())),
        ("opening, poll due later", machine(Live::Opening { order, since: now }, Poll::Due { at: now + 2_000 })),
        ("greeting, poll asked", machine(Live::Greeting { order, since: now }, asked)),
        ("up", machine(Live::Up { order, since: now, heard: now }, Poll::Off)),
    ]
}

fn always(event: Event) -> Maker<Connection, Event> {
    Box::new(move |_| event.clone())
}

fn events() -> Vec<Named<Maker<Connection, Event>>> {
    let nonce = Nonce::from_bytes([3; 24]);
    vec![
        ("foreground", always(Event::Foreground)),
        ("background", always(Event::Background)),
        ("network changed", always(Event::NetworkChanged)),
        ("refresh", always(Event::Refresh)),
        ("tick", always(Event::Tick)),
        ("tick after 3 s", always(Event::Tick)),
        ("tick after 20 s", always(Event::Tick)),
        ("tick after 200 s", always(Event::Tick)),
        ("opened", always(Event::Opened { order: 1 })),
        ("opened, another", always(Event::Opened { order: FOREIGN })),
        ("hello", always(Event::Hello { order: 1, nonce })),
        ("hello, another", always(Event::Hello { order: FOREIGN, nonce })),
        ("heard", always(Event::Heard { order: 1 })),
        ("heard, another", always(Event::Heard { order: FOREIGN })),
        ("bye", always(Event::Bye { order: 1, reconnect_in_s: 7 })),
        ("bye, another", always(Event::Bye { order: FOREIGN, reconnect_in_s: 7 })),
        ("closed", always(Event::Closed { order: 1, retry_after_s: None })),
        ("closed, another", always(Event::Closed { order: FOREIGN, retry_after_s: None })),
        ("polled", always(Event::Polled { order: 2 })),
        ("polled, another", always(Event::Polled { order: FOREIGN })),
        ("poll failed", always(Event::PollFailed { order: 2, retry_after_s: None })),
        ("poll failed, another", always(Event::PollFailed { order: FOREIGN, retry_after_s: None })),
    ]
}

fn called(machine: &Connection) -> String {
    let live = match machine.live {
        Live::Off => "off",
        Live::Waiting { .. } => "waiting",
        Live::Opening { .. } => "opening",
        Live::Greeting { .. } => "greeting",
        Live::Up { .. } => "up",
    };
    let poll = match machine.poll {
        Poll::Off => "no poll",
        Poll::Due { .. } => "poll due",
        Poll::Asked { .. } => "poll asked",
    };
    format!("{live}, {poll}")
}

#[test]
fn every_pair_of_state_and_event_is_in_the_table() {
    let tools = tables::Tools::default();
    let step = |machine: &mut Connection, event, name: &str| {
        let later = match name.rsplit_once("after ") {
            Some((_, "3 s")) => 3_000,
            Some((_, "20 s")) => 20_000,
            Some((_, "200 s")) => 200_000,
            _ => 0,
        };
        machine.handle(event, &mut tables::moment(&tools, &mut 100, later))
    };
    tables::check("connection", states(), events(), step, called);
}

#[test]
fn a_poll_is_never_asked_within_two_seconds_of_the_last() {
    let tools = tables::Tools::default();
    let mut generations = 0;
    let mut connection = Connection::default();
    connection.handle(Event::Foreground, &mut tables::moment(&tools, &mut generations, 0)).unwrap();
    let mut last = 0;
    for later in (0..120_000).step_by(100) {
        let mut moment = tables::moment(&tools, &mut generations, later);
        let mut effects = connection.handle(Event::Tick, &mut moment).unwrap();
        if let Some(order) = connection.asked() {
            effects.extend(connection.handle(Event::Polled { order }, &mut moment).unwrap());
            assert!(last == 0 || later - last >= POLL_EVERY_MS, "{last} and {later}");
            last = later;
        }
    }
    assert!(last > 100_000, "it goes on");
}

#[test]
fn a_server_that_asks_to_wait_is_obeyed() {
    let tools = tables::Tools::default();
    let mut generations = 0;
    let mut connection = Connection::default();
    let mut now = tables::moment(&tools, &mut generations, 0);
    connection.handle(Event::Foreground, &mut now).unwrap();
    let (order, channel) = (connection.asked().unwrap(), connection.channel().unwrap());
    connection.handle(Event::PollFailed { order, retry_after_s: Some(60) }, &mut now).unwrap();
    connection.handle(Event::Closed { order: channel, retry_after_s: Some(90) }, &mut now).unwrap();
    assert_eq!(connection.next_wake(), Some(NOW_MS + 60_000));
    let mut later = tables::moment(&tools, &mut generations, 59_900);
    assert_eq!(connection.handle(Event::Tick, &mut later), Ok(vec![]));
}

#[test]
fn neither_hurry_nor_a_new_start_goes_before_what_the_server_asked_for() {
    let tools = tables::Tools::default();
    let mut generations = 0;
    let mut connection = Connection::default();
    let mut now = tables::moment(&tools, &mut generations, 0);
    connection.handle(Event::Foreground, &mut now).unwrap();
    let (order, channel) = (connection.asked().unwrap(), connection.channel().unwrap());
    connection.handle(Event::PollFailed { order, retry_after_s: Some(60) }, &mut now).unwrap();
    connection.handle(Event::Closed { order: channel, retry_after_s: Some(60) }, &mut now).unwrap();
    let mut soon = tables::moment(&tools, &mut generations, 30_000);
    for event in [Event::Refresh, Event::NetworkChanged, Event::Background, Event::Foreground, Event::Tick] {
        let effects = connection.handle(event.clone(), &mut soon).unwrap();
        assert!(effects.is_empty(), "{event:?} {effects:?}");
    }
    let mut later = tables::moment(&tools, &mut generations, 60_000);
    assert_eq!(connection.handle(Event::Tick, &mut later).unwrap().len(), 2);
}

#[test]
fn a_back_off_is_spread_and_never_longer_than_half_a_minute() {
    let tools = tables::Tools::default();
    let mut generations = 0;
    let mut moment = tables::moment(&tools, &mut generations, 0);
    let waits: std::collections::BTreeSet<_> = (0..64).map(|_| backed_off(1_000, 9, &mut moment).unwrap()).collect();
    assert!(waits.len() > 60, "phones do not come back all at once");
    assert!(waits.iter().all(|wait| *wait <= LONGEST_WAIT_MS));
}
